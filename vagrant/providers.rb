# What each provider is told of a machine, beside its box.
module IdrVagrant
  def self.virtualbox(made, override, machine, _site, _seed)
    made.memory = machine.memory
    made.cpus = machine.cpus
    # Without the machine itself, which VirtualBox lets into networks of certain addresses only.
    override.vm.network "private_network", ip: machine.address, virtualbox__intnet: "idr"
  end

  def self.libvirt(made, override, machine, site, _seed)
    made.memory = machine.memory
    made.cpus = machine.cpus
    override.vm.network "private_network", ip: machine.address, libvirt__network_name: "idr",
                                           libvirt__host_ip: site.last_address, libvirt__forward_mode: "none",
                                           libvirt__dhcp_enabled: false
  end

  def self.lxc(made, _override, machine, site, seed)
    made.container_name = machine.name
    unified = File.exist?("/sys/fs/cgroup/cgroup.controllers")
    made.customize(unified ? "cgroup2.memory.max" : "cgroup.memory.limit_in_bytes", "#{machine.memory}M")
    # A second interface on LXC's own bridge: what vagrant-lxc does for private networks is gone with a reboot.
    { "type" => "veth", "link" => "lxcbr0", "name" => "eth1", "flags" => "up",
      "ipv4.address" => "#{machine.address}/#{site.prefix}" }
      .each { |key, value| made.customize("net.1.#{key}", value) }
    return if machine.volumes.empty?

    # Where hosts that share a volume find its file.
    files = seed.volumes.gsub(" ") { '\040' }
    made.customize("mount.entry", "#{files} var/lib/idr-volumes none bind,create=dir 0 0")
  end
end
