# sshd_config's own names. The keys of people are in accounts.
ssh:
  sshd:
    AllowAgentForwarding: false
    # through the management host to all others: ssh -J
    AllowTcpForwarding: local
    AuthenticationMethods: publickey
    AuthorizedKeysFile: /etc/ssh/authorized_keys/%u
    ClientAliveInterval: 300
    KbdInteractiveAuthentication: false
    LoginGraceTime: 30
    # with the fingerprint of the key that logged in
    LogLevel: VERBOSE
    MaxAuthTries: 3
    PasswordAuthentication: false
    PermitEmptyPasswords: false
    PermitRootLogin: false
    X11Forwarding: false
