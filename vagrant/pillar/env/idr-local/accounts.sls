# `vagrant ssh` goes on to work once the states have the say about logins. Its key: vagrant/master.sh puts it here.
{%- import_text 'env/idr-local/login.pub' as key %}
accounts:
  vagrant:
    keys:
      - {{ key|trim|tojson }}
    sudo: true
