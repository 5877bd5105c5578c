# Vagrant's machines by map, profiles and vagrant/machines.yaml. Plain Ruby: the Vagrantfile hands it to Vagrant.
require "fileutils"
require "ipaddr"
require "open3"
require "openssl"
require "yaml"

module IdrVagrant
  # Its text names file and key, and what was expected.
  class Wrong < StandardError; end

  PROVIDERS = %w[virtualbox libvirt lxc].freeze
  DATA = "vagrant/machines.yaml".freeze
  HOST = /\A(?<environment>[a-z][a-z0-9-]*?)-(?<role>[a-z]+)(-[1-9][0-9]*)?\z/

  Machine = Struct.new(:name, :role, :address, :memory, :cpus, :volumes, :ports, :seed, keyword_init: true) do
    def master?
      role == "master"
    end

    def script
      "vagrant/#{master? ? 'master' : 'minion'}.sh"
    end
  end

  # Everything that map and data say, checked.
  class Site
    attr_reader :machines, :providers, :ssh_key, :environment, :volumes

    def initialize(root, map)
      @root = root
      @data = read(DATA)
      @providers = providers_of(@data)
      @profiles = Dir[File.join(root, "cloud.profiles.d/*.conf")].sort.map { |path| read(path) }.reduce({}, :merge)
      hosts = hosts_of(map)
      @environment = environment_of(map, hosts)
      path = "pillar/env/#{@environment}/environment.yaml"
      @network = network(read(path)["network"], path)
      @machines = [master] + hosts.each_with_index.map { |host, index| machine(map, index, **host) }
    end

    def prefix
      @network.prefix
    end

    # An address that no machine has, for providers whose network wants one on the machine itself.
    def last_address
      IPAddr.new(@network.to_range.last.to_i - 1, Socket::AF_INET).to_s
    end

    # Wheels that the local cloud of this machine has already, when IDR_CACHE names its cache.
    def wheels
      folder = File.join(ENV["IDR_CACHE"], "wheels") if ENV["IDR_CACHE"]
      folder if folder && File.directory?(folder)
    end

    # Lay out what each machine gets before its Salt starts. Keys are made once, and stay as long as the folder does.
    def seed(dotfile)
      top = File.join(File.expand_path(dotfile, @root), "idr", @environment)
      keys = File.join(top, "keys")
      @volumes = File.join(top, "volumes")
      [File.dirname(top), top, keys, @volumes].each { |folder| FileUtils.mkdir_p(folder, mode: 0o700) }
      @ssh_key = key(keys, "vagrant")
      @machines.each { |one| key(keys, one.name) }
      login = login_key
      @machines.each do |one|
        one.seed = File.join(top, one.name)
        FileUtils.mkdir_p(one.seed, mode: 0o700)
        write(File.join(one.seed, "login.pub"), login)
        names = { "NAME" => one.name, "MASTER" => address(1), "ENVIRONMENT" => @environment }
        write(File.join(one.seed, "names"), names.map { |name, value| "#{name}=#{value}\n" }.join)
        one.master? ? seed_master(one.seed, keys) : seed_minion(one, keys)
      end
    end

    private

    def read(path)
      found = YAML.safe_load(File.read(File.expand_path(path, @root)), aliases: true)
      found.is_a?(Hash) ? found : wrong(path, "a mapping", found)
    rescue SystemCallError, Psych::Exception => e
      raise Wrong, "#{path}: expected a file of YAML: #{e.message}"
    end

    def wrong(where, expected, found)
      raise Wrong, "#{where}: expected #{expected}, found #{found.inspect}"
    end

    def providers_of(data)
      found = data["providers"]
      expected = "the keys #{PROVIDERS.join(', ')}"
      wrong("#{DATA}: providers", expected, found) unless found.is_a?(Hash) && found.keys.sort == PROVIDERS.sort
      found.each do |name, one|
        where = "#{DATA}: providers: #{name}"
        wrong(where, "the keys box and share", one) unless one.is_a?(Hash) && one.keys.sort == %w[box share]
        wrong("#{where}: box", "the name of a box, such as debian/bookworm64", one["box"]) unless one["box"].is_a?(String)
        wrong("#{where}: share", "nfs or bind", one["share"]) unless %w[nfs bind].include?(one["share"])
      end
    end

    def size(where, one)
      wrong(where, "the keys memory and cpus", one) unless one.is_a?(Hash) && one.keys.sort == %w[cpus memory]
      { "memory" => 256, "cpus" => 1 }.each do |name, least|
        number = one[name]
        wrong("#{where}: #{name}", "a whole number, at least #{least}", number) unless number.is_a?(Integer) && number >= least
      end
      { memory: one["memory"], cpus: one["cpus"] }
    end

    def hosts_of(map)
      found = read(map).flat_map do |profile, entries|
        wrong("#{map}: #{profile}", "a list of hosts", entries) unless entries.is_a?(Array) && entries.any?
        entries.flat_map { |entry| entry.is_a?(Hash) ? entry.to_a : [[entry, nil]] }.map do |name, own|
          parsed = HOST.match(name) if name.is_a?(String)
          wrong("#{map}: #{profile}", "hosts named <environment>-<role>[-<number>]", name) unless parsed
          { name: name, profile: profile, own: own || {}, parsed: parsed }
        end
      end
      twice = found.map { |host| host[:name] }.tally.find { |_, times| times > 1 }
      wrong(map, "each host once", twice.first) if twice
      found
    end

    def environment_of(map, hosts)
      known = Dir[File.join(@root, "vagrant/pillar/env/*")].map { |path| File.basename(path) }.sort
      found = hosts.map { |host| host[:parsed][:environment] }.uniq
      return found.first if found.size == 1 && known.include?(found.first)

      wrong(map, "hosts of one environment that vagrant/pillar/env knows (#{known.join(', ')})", found)
    end

    def network(text, path)
      IPAddr.new(text)
    rescue StandardError
      wrong("#{path}: network", "a network such as 10.99.0.0/24", text)
    end

    # The master is where pillar says that its file server is: on the network's first address.
    def address(number)
      found = IPAddr.new(@network.to_i + number, Socket::AF_INET)
      wrong("#{@environment}: network", "an address for each machine", @network.to_s) if found.to_s == last_address
      found.to_s
    end

    def master
      given = size("#{DATA}: master", @data["master"])
      Machine.new(name: "master", role: "master", address: address(1), volumes: [], ports: {}, **given)
    end

    def machine(map, index, name:, profile:, own:, parsed:)
      settings = profile_of(map, profile).merge(own)
      sizes = @data["sizes"]
      where = "#{DATA}: sizes: #{settings['size']}"
      given = size(where, sizes.is_a?(Hash) ? sizes[settings["size"]] : nil)
      Machine.new(name: name, role: parsed[:role], address: address(10 + index), seed: nil,
                  volumes: volumes_of(name, profile, settings["volumes"] || []) + shared(name),
                  ports: parsed[:role] == "proxy" ? ports : {}, **given)
    end

    def profile_of(map, name, seen = [])
      found = @profiles[name]
      expected = "a profile of cloud.profiles.d (#{@profiles.keys.sort.join(', ')})"
      wrong(map, expected, name) unless found.is_a?(Hash) && !seen.include?(name)
      found["extends"] ? profile_of(map, found["extends"], [*seen, name]).merge(found) : found
    end

    def volumes_of(host, profile, entries)
      limit = @data["volume"]
      wrong("#{DATA}: volume", "a number of GB, at least 1", limit) unless limit.is_a?(Integer) && limit >= 1
      entries.map do |entry|
        name = entry["name"] if entry.is_a?(Hash)
        wrong("profile #{profile}: volumes", "a list of {name: ..., size: ...}", entry) unless name.is_a?(String)
        { name: name, file: "#{host}-#{name}", size: [entry["size"] || limit, limit].min, kind: "own" }
      end
    end

    # The local cloud's own list of who sees whose volume.
    def shared(host)
      path = "cloud.providers.d/local.conf"
      read(path).fetch("local").fetch("shares", []).flat_map do |share|
        match = Regexp.new("\\A(?:#{share['hosts'].gsub('(?P<', '(?<')})\\z").match(host)
        next [] unless match

        file = share["volume"].gsub(/\{(\w+)\}/) { match[Regexp.last_match(1)] }
        [{ name: "shared", file: file, size: @data["volume"], kind: "bind" }]
      end
    end

    def ports
      found = @data["ports"]
      good = found.is_a?(Hash) && found.flatten.all? { |port| port.is_a?(Integer) && port.between?(1, 65_535) }
      good ? found : wrong("#{DATA}: ports", "numbers of ports of this machine, and of the proxy", found)
    end

    # Of 2048 bits, as minions make their own.
    def key(folder, name)
      path = File.join(folder, "#{name}.pem")
      return path if File.exist?(path)

      made = OpenSSL::PKey::RSA.new(2048)
      # the private half last: with it the pair is there
      write(File.join(folder, "#{name}.pub"), made.public_key.to_pem)
      write(path, made.to_pem)
      path
    end

    def login_key
      text, status = Open3.capture2("ssh-keygen", "-y", "-f", @ssh_key)
      status.success? ? text : wrong(@ssh_key, "an RSA key; without the file there will be a new one", "something else")
    end

    def copy(from, path)
      write(path, File.read(from))
    end

    # Whole or not at all, and only what is new: another vagrant may be handing it to a machine.
    def write(path, text)
      return if File.exist?(path) && File.read(path) == text

      fresh = "#{path}.#{Process.pid}"
      File.open(fresh, "w", 0o600) { |file| file.write(text) }
      File.rename(fresh, path)
    end

    def seed_master(folder, keys)
      %w[pem pub].each { |kind| copy(File.join(keys, "master.#{kind}"), File.join(folder, "master.#{kind}")) }
      minions = File.join(folder, "minions")
      FileUtils.mkdir_p(minions, mode: 0o700)
      names = @machines.reject(&:master?).map(&:name)
      names.each { |name| copy(File.join(keys, "#{name}.pub"), File.join(minions, name)) }
      (Dir.children(minions) - names).each { |gone| FileUtils.rm_f(File.join(minions, gone)) }
    end

    def seed_minion(machine, keys)
      { "#{machine.name}.pem" => "minion.pem", "#{machine.name}.pub" => "minion.pub", "master.pub" => "minion_master.pub" }
        .each { |from, to| copy(File.join(keys, from), File.join(machine.seed, to)) }
      %w[requirements/minion.txt testbed/image/salt-minion.service vagrant/idr-volumes vagrant/idr-volumes.service]
        .each { |path| copy(File.join(@root, path), File.join(machine.seed, File.basename(path))) }
      write(File.join(machine.seed, "minion"), YAML.dump(minion(machine)))
      rows = machine.volumes.map { |volume| "#{volume.values_at(:name, :file, :size, :kind).join(' ')}\n" }
      write(File.join(machine.seed, "volumes"), rows.join)
    end

    # As Salt Cloud writes it for the local cloud's hosts.
    def minion(machine)
      mine = machine.volumes.select { |volume| volume[:kind] == "own" }
      grains = { "memory" => machine.memory, "volumes" => mine.to_h { |one| [one[:name], "/dev/idr/#{one[:name]}"] } }
      read("etc/cloud.conf.d/minion.conf").fetch("minion")
                                          .merge("id" => machine.name, "master" => address(1), "grains" => grains)
    end
  end

  # What each provider is told, beside its box.

  def self.virtualbox(made, override, machine, _site)
    made.memory = machine.memory
    made.cpus = machine.cpus
    # Without the machine itself, which VirtualBox lets into networks of certain addresses only.
    override.vm.network "private_network", ip: machine.address, virtualbox__intnet: "idr"
  end

  def self.libvirt(made, override, machine, site)
    made.memory = machine.memory
    made.cpus = machine.cpus
    override.vm.network "private_network", ip: machine.address, libvirt__network_name: "idr",
                                           libvirt__host_ip: site.last_address, libvirt__forward_mode: "none",
                                           libvirt__dhcp_enabled: false
  end

  def self.lxc(made, _override, machine, site)
    made.container_name = machine.name
    unified = File.exist?("/sys/fs/cgroup/cgroup.controllers")
    made.customize(unified ? "cgroup2.memory.max" : "cgroup.memory.limit_in_bytes", "#{machine.memory}M")
    # A second interface on LXC's own bridge: what vagrant-lxc does for private networks is gone with a reboot.
    { "type" => "veth", "link" => "lxcbr0", "name" => "eth1", "flags" => "up",
      "ipv4.address" => "#{machine.address}/#{site.prefix}" }
      .each { |key, value| made.customize("net.1.#{key}", value) }
    return if machine.volumes.empty?

    # Where hosts that share a volume find its file.
    files = site.volumes.gsub(" ", '\\040')
    made.customize("mount.entry", "#{files} var/lib/idr-volumes none bind,create=dir 0 0")
  end
end
