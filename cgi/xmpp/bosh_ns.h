/*
 * The XML namespaces of a BOSH log-in, for bosh.c and bosh_write.c.
 */
#ifndef XMPP_BOSH_NS_H
#define XMPP_BOSH_NS_H

#define NS_BOSH    "http://jabber.org/protocol/httpbind"
#define NS_XBOSH   "urn:xmpp:xbosh"
#define NS_STREAM  "http://etherx.jabber.org/streams"
#define NS_STREAMS "urn:ietf:params:xml:ns:xmpp-streams"
#define NS_STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define NS_SASL    "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_BIND    "urn:ietf:params:xml:ns:xmpp-bind"
#define NS_SESSION "urn:ietf:params:xml:ns:xmpp-session"
#define NS_PING    "urn:xmpp:ping"
#define NS_CLIENT  "jabber:client"

#endif
