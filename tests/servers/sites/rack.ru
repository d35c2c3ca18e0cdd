# A Rack site with Rack's own signed cookie: /login?user=NAME, /logout, and the example's /whoami.
require "rack"
require ENV.fetch("EXAMPLE")

use Rack::Session::Cookie, key: "rack.session", secret: "only for this test" * 4, expire_after: 3600

map("/whoami") { run Whoami.new }
map("/login") do
  run(lambda do |env|
    name = Rack::Request.new(env).params["user"]
    env["rack.session"]["user"] = name
    env["rack.session"]["display_name"] = "#{name.capitalize} of Rack"
    [200, {}, ["in"]]
  end)
end
map("/logout") do
  run(lambda do |env|
    env["rack.session"].clear
    [200, {}, ["out"]]
  end)
end
