%% For an ejabberd 23 host of guests (auth_method: anonymous). Guests can write only to the staff and to the listed
%% rooms. This module does the same for ejabberd as prosody/mod_prebind_guests.lua for Prosody.
%%
%%   staff: [support@example.org]         the accounts that guests can write to
%%   rooms: [help@conference.example.org] optional: rooms that guests can enter
%%   from: ["127.0.0.0/8", "::1"]         optional: the addresses of prebind
%%   rate: 60                             optional: stanzas that a guest can send in a minute
%%   life: 12 hours                       optional: the time until a session ends
%%
%% Everything that is not allowed below is refused. All hooks run in the process of the guest's session.

-module(mod_prebind_guests).

-export([start/2, stop/1, reload/3, depends/2, mod_options/1, mod_opt_type/1]).
-export([opened/1, told/2, sent/1]).

-define(MARK, " (guest)"). % how a guest's nick in a room ends
-define(PERIOD_MS, 60000).

start(Host, _Options) ->
    lists:foreach(fun({Hook, Function, Order}) -> ejabberd_hooks:add(Hook, Host, ?MODULE, Function, Order) end, hooks()).

stop(Host) ->
    lists:foreach(fun({Hook, Function, Order}) -> ejabberd_hooks:delete(Hook, Host, ?MODULE, Function, Order) end, hooks()).

reload(_Host, _New, _Old) -> ok.

depends(_Host, _Options) -> [].

hooks() -> [{c2s_session_opened, opened, 50}, {c2s_handle_info, told, 1}, {user_send_packet, sent, 1}].

mod_options(_Host) ->
    [{staff, []}, {rooms, []}, {from, [{{127, 0, 0, 0}, 8}, {{0, 0, 0, 0, 0, 0, 0, 1}, 128}]}, {rate, 60}, {life, 12 * 60 * 60 * 1000}].

mod_opt_type(staff) -> econf:list(econf:jid());
mod_opt_type(rooms) -> econf:list(econf:jid());
mod_opt_type(from) -> econf:list(econf:ip_mask());
mod_opt_type(rate) -> econf:pos_int();
mod_opt_type(life) -> econf:timeout(second).

option(Host, Name) -> gen_mod:get_module_opt(Host, ?MODULE, Name).

%% ---- which guests can log in, and for how long ----

opened(#{lserver := Host, ip := {Ip, _Port}} = State) ->
    case lists:any(fun({Net, Mask}) -> misc:match_ip_mask(Ip, Net, Mask) end, option(Host, from)) of
        true -> erlang:send_after(option(Host, life), self(), over(<<"The visit has lasted too long">>));
        false -> self() ! over(<<"Guests come from the website only">>)
    end,
    State.

over(Text) -> {?MODULE, Text}.

told(#{lang := Lang} = State, {?MODULE, Text}) ->
    {stop, ejabberd_c2s:send(State, xmpp:serr_policy_violation(Text, Lang))};
told(State, _Info) ->
    State.

%% ---- what guests can send ----

%% Checks a stanza that a guest sends. The server has already filled in the stanza's from and to addresses.
sent({Stanza, #{lserver := Host, lang := Lang} = State}) ->
    {IsTooFast, Next} = count(option(Host, rate), State),
    Kind = element(1, Stanza),
    Type = xmpp:get_type(Stanza),
    case IsTooFast orelse not may(Kind, Type, Stanza, Host) of
        false ->
            {Stanza, Next};
        true when Kind == presence, Type == unavailable ->
            {stop, {drop, Next}};
        true when IsTooFast ->
            refuse(Stanza, xmpp:err_resource_constraint(<<"Too many stanzas in a minute">>, Lang), Next);
        true ->
            refuse(Stanza, xmpp:err_forbidden(<<"Guests may write to the staff and to rooms for guests only">>, Lang), Next)
    end.

%% If the stanza is itself an error or a result, the router sends no answer.
refuse(Stanza, Error, State) ->
    ejabberd_router:route_error(Stanza, Error),
    {stop, {drop, State}}.

%% Counts a stanza in a bucket of `rate` stanzas, which fills again in a minute. Returns true if the bucket is empty.
count(Rate, State) ->
    Now = erlang:monotonic_time(millisecond),
    {Then, Left} = maps:get(?MODULE, State, {Now, Rate}),
    Filled = min(Rate, Left + (Now - Then) * Rate / ?PERIOD_MS),
    case Filled < 1 of
        true -> {true, State#{?MODULE => {Now, Filled}}};
        false -> {false, State#{?MODULE => {Now, Filled - 1}}}
    end.

may(Kind, Type, Stanza, Host) ->
    {User, _, _} = jid:tolower(xmpp:get_from(Stanza)),
    {ToUser, ToHost, _} = To = jid:tolower(xmpp:get_to(Stanza)),
    IsHere = ToHost == Host andalso (ToUser == User orelse ToUser == <<>>),
    IsStaff = is_in(To, option(Host, staff)),
    IsRoom = is_in(To, option(Host, rooms)),
    if
        IsHere -> may_here(Kind, Type, Stanza, To);
        IsStaff -> may_staff(Kind, Type);
        IsRoom -> may_room(Kind, Type, Stanza, To);
        true -> false
    end.

is_in({User, Host, _}, Jids) ->
    lists:any(fun(Jid) -> jid:tolower(jid:remove_resource(Jid)) == {User, Host, <<>>} end, Jids).

is_plain(Type) -> Type == available orelse Type == unavailable.

is_answer(Type) -> Type == result orelse Type == error.

%% A guest can broadcast its presence, and send requests to this host. Only two requests of type set are allowed.
may_here(presence, Type, _, {User, _, Resource}) -> is_plain(Type) andalso User /= <<>> andalso Resource == <<>>;
may_here(iq, set, Stanza, _) -> lists:member(payload(Stanza), [<<"urn:xmpp:carbons:2">>, <<"urn:ietf:params:xml:ns:xmpp-session">>]);
may_here(iq, _, _, _) -> true;
may_here(message, _, _, _) -> false.

may_staff(presence, Type) -> is_plain(Type);
may_staff(message, Type) -> Type /= groupchat;
may_staff(iq, Type) -> is_answer(Type).

may_room(presence, Type, _, {_, _, Nick}) ->
    is_plain(Type) andalso binary:longest_common_suffix([Nick, <<?MARK>>]) == length(?MARK);
may_room(message, Type, _, {_, _, Nick}) ->
    Type == groupchat andalso Nick == <<>>;
may_room(iq, Type, Stanza, _) ->
    is_answer(Type) orelse
        lists:member(payload(Stanza), [<<"http://jabber.org/protocol/disco#info">>, <<"urn:xmpp:ping">>, <<"urn:xmpp:mam:2">>]).

payload(Iq) ->
    case xmpp:get_els(Iq) of
        [Child | _] -> xmpp:get_ns(Child);
        [] -> <<>>
    end.
