# What each machine gets before its Salt starts: keys, made on first use, and what it is told.
require "fileutils"
require "open3"
require "openssl"

module IdrVagrant
  # The folder of one environment below Vagrant's own.
  class Seed
    attr_reader :ssh_key, :volumes

    def initialize(root, folder, site)
      @root = root
      @site = site
      @top = File.join(folder, "idr", site.environment)
      @keys = File.join(@top, "keys")
      @volumes = File.join(@top, "volumes")
      [File.dirname(@top), @top, @keys, @volumes].each { |one| FileUtils.mkdir_p(one, mode: 0o700) }
      @ssh_key = key("vagrant")
      @site.machines.each { |machine| key(machine.name) }
      @site.machines.each { |machine| lay(machine) }
    end

    def of(machine)
      File.join(@top, machine.name)
    end

    private

    def lay(machine)
      FileUtils.mkdir_p(of(machine), mode: 0o700)
      put(machine, "login.pub", login)
      names = { "NAME" => machine.name, "MASTER" => @site.master.address, "ENVIRONMENT" => @site.environment }
      put(machine, "names", names.map { |name, value| "#{name}=#{value}\n" }.join)
      machine.master? ? lay_master(machine) : lay_minion(machine)
    end

    def lay_master(machine)
      %w[pem pub].each { |kind| put(machine, "master.#{kind}", half("master", kind)) }
      minions = File.join(of(machine), "minions")
      FileUtils.mkdir_p(minions, mode: 0o700)
      names = @site.machines.reject(&:master?).map(&:name)
      names.each { |name| put(machine, "minions/#{name}", half(name, "pub")) }
      (Dir.children(minions) - names).each { |gone| FileUtils.rm_f(File.join(minions, gone)) }
    end

    def lay_minion(machine)
      %w[pem pub].each { |kind| put(machine, "minion.#{kind}", half(machine.name, kind)) }
      put(machine, "minion_master.pub", half("master", "pub"))
      %w[requirements/minion.txt testbed/image/salt-minion.service vagrant/idr-volumes vagrant/idr-volumes.service]
        .each { |path| put(machine, File.basename(path), File.read(File.join(@root, path))) }
      put(machine, "minion", YAML.dump(@site.minion(machine)))
      rows = machine.volumes.map { |volume| "#{volume.values_at(:name, :file, :size, :kind).join(' ')}\n" }
      put(machine, "volumes", rows.join)
    end

    def login
      text, status = Open3.capture2("ssh-keygen", "-y", "-f", @ssh_key)
      raise Wrong, "#{@ssh_key}: expected an RSA key; without the file there will be a new one" unless status.success?

      text
    end

    # Of 2048 bits, as minions make their own. The private half last: with it the pair is there.
    def key(name)
      path = File.join(@keys, "#{name}.pem")
      return path if File.exist?(path)

      made = OpenSSL::PKey::RSA.new(2048)
      write(File.join(@keys, "#{name}.pub"), made.public_key.to_pem)
      write(path, made.to_pem)
      path
    end

    def half(name, kind)
      File.read(File.join(@keys, "#{name}.#{kind}"))
    end

    def put(machine, name, text)
      write(File.join(of(machine), name), text)
    end

    # Whole or not at all, and only what is new: another vagrant may be handing it to a machine.
    def write(path, text)
      return if File.exist?(path) && File.read(path) == text

      fresh = "#{path}.#{Process.pid}"
      File.open(fresh, "w", 0o600) { |file| file.write(text) }
      File.rename(fresh, path)
    end
  end
end
