-- For a Prosody 0.12 host of guests (authentication = "anonymous"). Guests can write only to the staff and to the rooms
-- in the list. Only prebind can log guests in, so prebind's limits apply to all guests.
--
--   prebind_guests_staff = { "support@example.org" }          -- the accounts that guests can write to
--   prebind_guests_rooms = { "help@conference.example.org" }  -- optional: rooms that guests can enter
--   prebind_guests_from = { "127.0.0.1", "::1" }              -- optional: the addresses of prebind
--   prebind_guests_rate = 60                                  -- optional: stanzas that a guest can send in a minute
--   prebind_guests_life = 43200                               -- optional: seconds until a session ends
--
-- Everything that is not allowed below is refused.

local jid = require "util.jid";
local st = require "util.stanza";
local throttle = require "util.throttle";
local timer = require "util.timer";

local MARK = " (guest)"; -- how a guest's nick in a room ends
local PERIOD = 60; -- seconds

local function prepared(list)
	local set = {};
	for _, each in ipairs(list) do
		set[assert(jid.prep(each), each.." is not a JID")] = true;
	end
	return set;
end

local staff = prepared(module:get_option_array("prebind_guests_staff", {}));
local rooms = prepared(module:get_option_array("prebind_guests_rooms", {}));
local from = module:get_option_set("prebind_guests_from", { "127.0.0.1", "::1" });
local rate = module:get_option_number("prebind_guests_rate", 60);
local life = module:get_option_number("prebind_guests_life", 12 * 60 * 60);

-- ---- which guests can log in ----

module:hook("pre-resource-bind", function (event)
	local ip = event.session.ip;
	if from:contains(ip) then
		return;
	end
	module:log("info", "Guest from %s refused: guests come from prebind (prebind_guests_from)", ip);
	event.error = { type = "auth", condition = "forbidden", text = "Guests come from the website only" };
	return false;
end, 100);

module:hook("resource-bind", function (event)
	local full_jid = event.session.full_jid;
	timer.add_task(life, function ()
		local session = prosody.full_sessions[full_jid];
		if session then
			session:close({ condition = "policy-violation", text = "The visit has lasted too long" });
		end
	end);
end);

-- ---- what guests can send ----

-- The requests of type set that a guest can send to this host. All other requests to this host are allowed.
local SET_HERE = {
	["urn:xmpp:carbons:2"] = true,
	["urn:ietf:params:xml:ns:xmpp-session"] = true,
};

-- The requests that a guest can send to a room.
local ASK_ROOM = {
	["http://jabber.org/protocol/disco#info"] = true,
	["urn:xmpp:ping"] = true,
	["urn:xmpp:mam:2"] = true,
};

local function is_plain(presence)
	local kind = presence.attr.type;
	return kind == nil or kind == "unavailable";
end

local function payload(iq)
	local child = iq.tags[1];
	return child and child.attr.xmlns;
end

local function may_here(stanza)
	if stanza.name == "presence" then
		return stanza.attr.to == nil and is_plain(stanza);
	elseif stanza.name == "iq" then
		return stanza.attr.type ~= "set" or SET_HERE[payload(stanza)];
	end
	return false;
end

local function may_staff(stanza)
	if stanza.name == "presence" then
		return is_plain(stanza);
	elseif stanza.name == "message" then
		return stanza.attr.type ~= "groupchat";
	end
	return stanza.attr.type == "result" or stanza.attr.type == "error";
end

local function may_room(stanza)
	local nick = jid.resource(stanza.attr.to);
	if stanza.name == "presence" then
		return is_plain(stanza) and nick ~= nil and nick:sub(-#MARK) == MARK;
	elseif stanza.name == "message" then
		return stanza.attr.type == "groupchat" and nick == nil;
	end
	return ASK_ROOM[payload(stanza)] or stanza.attr.type == "result" or stanza.attr.type == "error";
end

local function may(event)
	local stanza = event.stanza;
	local to = stanza.attr.to;
	local bare = jid.bare(to);
	if event.to_self or bare == module.host then
		return may_here(stanza);
	elseif staff[bare] then
		return may_staff(stanza);
	elseif rooms[bare] then
		return may_room(stanza);
	end
	return false;
end

local function is_too_fast(session)
	session.prebind_throttle = session.prebind_throttle or throttle.create(rate, PERIOD);
	return not session.prebind_throttle:poll(1);
end

local function refuse(event, kind, condition, text)
	local stanza = event.stanza;
	local answer = stanza.attr.type;
	if answer ~= "error" and answer ~= "result" and answer ~= "unavailable" then
		event.origin.send(st.error_reply(stanza, kind, condition, text));
	end
	return true;
end

local function guard(event)
	if event.origin.type ~= "c2s" then
		return;
	elseif is_too_fast(event.origin) then
		return refuse(event, "wait", "resource-constraint", "Too many stanzas in a minute");
	elseif not may(event) then
		return refuse(event, "auth", "forbidden", "Guests may write to the staff and to rooms for guests only");
	end
end

for _, kind in ipairs({ "message", "presence", "iq" }) do
	for _, to in ipairs({ "bare", "full", "host" }) do
		module:hook("pre-"..kind.."/"..to, guard, 1000);
	end
end
