# vagrant-lxc 1.4 gives I18n a hash where Ruby 3 has keywords, and ends in the middle of a machine with forwarded ports.
module IdrVagrant
  module Keywords
    def t(key = nil, values = nil, **more)
      super(key, **(values || {}), **more)
    end
  end
end

I18n.singleton_class.prepend(IdrVagrant::Keywords) if defined?(I18n) && RUBY_VERSION >= "3"
