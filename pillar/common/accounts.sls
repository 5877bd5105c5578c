# People with a login on every host: name, and what salt/accounts knows. Each environment names its own.
accounts: {}
