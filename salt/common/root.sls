# Nobody logs in as root, with any password: people have accounts and sudo.
common-root:
  user.present:
    - name: root
    - password: '*'
