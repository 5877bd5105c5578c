# Nobody by default. One entry gives a login on management, and from there on all hosts:
#
#   accounts:
#     alice:
#       keys: [ssh-ed25519 AAAA... alice@example.org]
#       sudo: true
accounts: {}
