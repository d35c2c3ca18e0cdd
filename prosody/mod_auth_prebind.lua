-- An authentication provider for Prosody 0.12: it logs in users with a one-time token from prebind instead of
-- a password. Ordinary passwords go to another provider, so that other clients work as before.
--
--   authentication = "prebind"
--   prebind_token_key_file = "/etc/prosody/prebind.key"  -- one line: the key, base64url, at least 32 bytes
--   prebind_delegate = "internal_hashed"                 -- optional: the provider that checks passwords
--
-- A token is sent as the password in SASL PLAIN. It has this form:
--   EXPIRY ":" NONCE ":" MAC,  MAC = HMAC-SHA-256(key, user "|" host "|" EXPIRY "|" NONCE)
-- EXPIRY is a time in decimal seconds, at most ten minutes ahead. NONCE has 16 bytes and MAC 32, both in base64url.
-- A token works once. Used tokens are remembered in memory until 15 minutes after they expire, even if this module is
-- reloaded. After a restart of Prosody, a used token works again until it expires: prebind's tokens last a minute.

local base64 = require "util.encodings".base64;
local hashes = require "util.hashes";
local new_sasl = require "util.sasl".new;
local time = require "util.time";

local host = module.host;

local LIFE_MAX = 600; -- seconds; also the greatest allowed difference between the two clocks
local KEY_MIN = 32; -- bytes
local NONCE_BYTES, MAC_BYTES = 16, 32;
local MEMORY = 900; -- seconds that a used token is remembered after it expires, in case the clock is set back
local SWEEP = 60; -- seconds between two removals of nonces that can be forgotten
local USED_MAX = 200000; -- most tokens remembered, in about 25 minutes; no real site uses more, and each takes memory

-- ---- the key ----

-- Accepts only canonical base64url, so that a token has only one spelling.
local function base64url_decode(text)
	if text == "" or text:find("[^%w_-]") then
		return nil;
	end
	local standard = text:gsub("[-_]", { ["-"] = "+", ["_"] = "/" })..("="):rep(-#text % 4);
	local bytes = base64.decode(standard);
	return bytes and base64.encode(bytes) == standard and bytes or nil;
end

local key;

local function read_key()
	local path = module:get_option_path("prebind_token_key_file", nil, "config");
	if not path then
		return nil, "prebind_token_key_file is not set";
	end
	local file, problem = io.open(path);
	if not file then
		return nil, problem;
	end
	local line = file:read("*l");
	file:close();
	local bytes = base64url_decode((line or ""):gsub("%s+$", ""));
	if not bytes then
		return nil, path..": the first line must be the key, in base64url without padding";
	elseif #bytes < KEY_MIN then
		return nil, ("%s: the key has %d bytes; at least %d are needed"):format(path, #bytes, KEY_MIN);
	end
	return bytes;
end

local function load_key()
	local bytes, problem = read_key();
	if bytes then
		key = bytes;
	else
		module:log("error", "Cannot read the key of tokens: %s", problem);
	end
	return key ~= nil;
end

assert(load_key(), "no key of tokens");
module:hook_global("config-reloaded", load_key); -- a new key, without a restart

-- ---- used tokens ----

-- Maps a nonce to the time at which its token expires. The same clock decides when the nonce can be forgotten.
local used = { ends = {}, count = 0, swept = 0 };

local function sweep(now)
	if now >= used.swept and now < used.swept + SWEEP then
		return;
	end
	used.swept = now;
	for nonce, expiry in pairs(used.ends) do
		if expiry + MEMORY <= now then
			used.ends[nonce], used.count = nil, used.count - 1;
		end
	end
end

-- Returns true if the token is used for the first time.
local function use(nonce, expiry, now)
	sweep(now);
	if used.ends[nonce] then
		return nil, "it was used before";
	elseif used.count >= USED_MAX then
		return nil, ("more than %d were used in the last minutes, and no more can be remembered"):format(USED_MAX);
	end
	used.ends[nonce], used.count = expiry, used.count + 1;
	return true;
end

function module.save()
	return { used = used };
end

function module.restore(saved)
	if saved.used and saved.used.ends then
		used = saved.used;
	end
end

-- ---- tokens ----

local function parse(text)
	local expiry, nonce, mac = text:match("^(%d+):([%w_-]+):([%w_-]+)$");
	if not expiry or #expiry > 12 or #nonce ~= 22 or #mac ~= 43 then
		return nil; -- it is a password, not a token
	end
	return { expiry = expiry, nonce = nonce, mac = mac };
end

local function check_time(expiry, now)
	if expiry <= now then
		return nil, ("it expired %d s ago: compare the clocks of both machines"):format(now - expiry);
	elseif expiry > now + LIFE_MAX then
		return nil, ("it expires in %d s, more than %d: the clock of the machine that made it is ahead of this clock")
			:format(expiry - now, LIFE_MAX);
	end
	return true;
end

local function check(token, username)
	local nonce, mac = base64url_decode(token.nonce), base64url_decode(token.mac);
	if not nonce or #nonce ~= NONCE_BYTES or not mac or #mac ~= MAC_BYTES or token.expiry:find("^0") then
		return nil, "it is malformed";
	end
	local text = username.."|"..host.."|"..token.expiry.."|"..token.nonce;
	if not hashes.equals(hashes.hmac_sha256(key, text), mac) then
		return nil, "it is for another user or host, or was made with another key";
	end
	local expiry, now = tonumber(token.expiry), math.floor(time.now());
	local ok, problem = check_time(expiry, now);
	if not ok then
		return nil, problem;
	end
	return use(token.nonce, expiry, now);
end

-- ---- the provider ----

local delegate_name = module:get_option_string("prebind_delegate");
local known = module:open_store("prebind"); -- users who logged in with a token; the delegate might not know them

local function find_delegate()
	module:depends("auth_"..delegate_name);
	for _, item in ipairs(module:get_host_items("auth-provider")) do
		if item.name == delegate_name then
			return item;
		end
	end
	error("prebind_delegate: mod_auth_"..delegate_name.." has no authentication provider");
end

local delegate = delegate_name and find_delegate() or nil;

local provider = {};

local function log_in(username, token)
	local ok, problem = check(token, username);
	if not ok then
		module:log("warn", "Token for %s@%s refused: %s", username, host, problem);
		return nil, "Token refused.";
	end
	module:log("info", "Token for %s@%s accepted", username, host);
	if not known:get(username) then
		known:set(username, { since = math.floor(time.now()) });
	end
	return true;
end

function provider.test_password(username, password)
	local token = type(password) == "string" and parse(password);
	if token then
		return log_in(username, token);
	elseif delegate and delegate.test_password then
		return delegate.test_password(username, password);
	end
	module:log("info", "Password for %s@%s refused: it is not a token, and prebind_delegate is not set", username, host);
	return nil, "Not a token.";
end

function provider.user_exists(username)
	if delegate and delegate.user_exists and delegate.user_exists(username) then
		return true;
	end
	return known:get(username) ~= nil;
end

function provider.users()
	local names = {};
	for name in known:users() do
		names[name] = true;
	end
	if delegate and delegate.users then
		for name in delegate.users() do
			names[name] = true;
		end
	end
	return pairs(names);
end

function provider.delete_user(username)
	known:set(username, nil);
	if delegate and delegate.delete_user and delegate.user_exists(username) then
		return delegate.delete_user(username);
	end
	return true;
end

-- Only a provider with passwords can perform these functions, so the calls are passed on to the delegate.
for _, name in ipairs({ "get_password", "set_password", "create_user" }) do
	provider[name] = function (...)
		if delegate and delegate[name] then
			return delegate[name](...);
		end
		return nil, "Passwords are not kept here.";
	end
end

local function plain_handler()
	return new_sasl(host, {
		plain_test = function (_, username, password)
			return provider.test_password(username, password), true;
		end;
	});
end

-- Returns the delegate's handler with PLAIN replaced by ours. Its other mechanisms (SCRAM) are unchanged.
local function combined_handler(inner)
	local plain = plain_handler();
	local outer = {};

	function outer.mechanisms()
		local list = {};
		for name in pairs(inner:mechanisms()) do
			list[name] = true;
		end
		list["PLAIN"] = true;
		return list;
	end

	function outer.select(_, name)
		if name ~= "PLAIN" then
			return inner:select(name);
		elseif not inner.selected then
			inner.selected = name;
			return plain:select(name);
		end
	end

	function outer.process(_, message)
		if inner.selected ~= "PLAIN" then
			return inner:process(message);
		end
		local status, data, text = plain:process(message);
		inner.username = plain.username;
		return status, data, text;
	end

	function outer.clean_clone()
		return combined_handler(inner:clean_clone());
	end

	return setmetatable(outer, { __index = inner, __newindex = inner });
end

function provider.get_sasl_handler(session)
	if delegate then
		return combined_handler(delegate.get_sasl_handler(session));
	end
	return plain_handler();
end

module:provides("auth", provider);
