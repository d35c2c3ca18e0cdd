# For a Rack or Rails site: prebind requests /whoami to find out who is logged in (site_http_url).
#   Rack:  map("/whoami") { run Whoami.new }       after `use Rack::Session::…`
#   Rails: get "/whoami", to: Whoami.new           in config/routes.rb
# Change the line `user = …` so that it gets the user's name, in Rails for example User.find_by(id: session["user_id"])&.login.
require "json"

class Whoami
  def call(env)
    session = env["rack.session"]
    user = session["user"]
    return [401, {}, []] if user.nil? # never a redirect to the login

    answer = { user: user, display_name: session["display_name"] }
    [200, { "Content-Type" => "application/json", "Cache-Control" => "no-store" }, [JSON.generate(answer)]]
  end
end
