# Machines with kernels of their own share by NFS, as in production. (Not with the provider lxc: vagrant/master.sh.)
share:
  type: nfs
