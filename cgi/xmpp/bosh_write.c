/*
 * Writes BOSH bodies and the payloads of a log-in (XEP-0124, XEP-0206, RFC 6120, 6 and 7). Every
 * value from outside goes through codec_xml. prebind/bosh_login.c decides the order of the steps.
 */
#include "base/codec.h"
#include "xmpp/bosh.h"
#include "xmpp/bosh_ns.h"

static void attr_write(struct strbuf *out, const char *name, const char *value)
{
	strbuf_addf(out, " %s='", name);
	codec_xml(out, value);
	strbuf_addc(out, '\'');
}

void bosh_create_write(struct strbuf *out, const struct bosh_create *create)
{
	strbuf_addf(out, "<body rid='%lld'", (long long)create->rid);
	attr_write(out, "to", create->domain);
	if (create->route != NULL && create->route[0] != '\0')
		attr_write(out, "route", create->route);
	strbuf_addf(out, " wait='%ld' hold='%ld' ver='1.6' xml:lang='en'", create->wait,
		    create->hold);
	strbuf_adds(out, " content='" BOSH_CONTENT_TYPE "' xmpp:version='1.0'"
			 " xmlns:xmpp='" NS_XBOSH "' xmlns='" NS_BOSH "'/>");
}

static void body_open(struct strbuf *out, const char *sid, int64_t rid)
{
	strbuf_addf(out, "<body rid='%lld'", (long long)rid);
	attr_write(out, "sid", sid);
}

void bosh_body_write(struct strbuf *out, const char *sid, int64_t rid, const char *payload)
{
	body_open(out, sid, rid);
	strbuf_adds(out, " xmlns='" NS_BOSH "'>");
	strbuf_adds(out, payload);
	strbuf_adds(out, "</body>");
}

void bosh_restart_write(struct strbuf *out, const char *sid, int64_t rid, const char *domain)
{
	body_open(out, sid, rid);
	attr_write(out, "to", domain);
	strbuf_adds(out, " xml:lang='en' xmpp:restart='true' xmlns:xmpp='" NS_XBOSH
			 "' xmlns='" NS_BOSH "'/>");
}

void bosh_terminate_write(struct strbuf *out, const char *sid, int64_t rid)
{
	body_open(out, sid, rid);
	strbuf_adds(out, " type='terminate' xmlns='" NS_BOSH "'/>");
}

/* RFC 6120, 6.4.2: an empty initial response is "=", which is not the same as no response. */
void bosh_sasl_auth_write(struct strbuf *out, const char *mechanism, const char *base64)
{
	strbuf_adds(out, "<auth xmlns='" NS_SASL "'");
	attr_write(out, "mechanism", mechanism);
	strbuf_addc(out, '>');
	if (base64 != NULL)
		codec_xml(out, base64[0] != '\0' ? base64 : "=");
	strbuf_adds(out, "</auth>");
}

void bosh_sasl_response_write(struct strbuf *out, const char *base64)
{
	strbuf_adds(out, "<response xmlns='" NS_SASL "'>");
	if (base64 != NULL)
		codec_xml(out, base64);
	strbuf_adds(out, "</response>");
}

static void iq_open(struct strbuf *out, const char *id)
{
	strbuf_adds(out, "<iq type='set'");
	attr_write(out, "id", id);
	strbuf_adds(out, " xmlns='" NS_CLIENT "'>");
}

void bosh_bind_write(struct strbuf *out, const char *id, const char *resource)
{
	iq_open(out, id);
	strbuf_adds(out, "<bind xmlns='" NS_BIND "'>");
	if (resource != NULL) {
		strbuf_adds(out, "<resource>");
		codec_xml(out, resource);
		strbuf_adds(out, "</resource>");
	}
	strbuf_adds(out, "</bind></iq>");
}

void bosh_session_write(struct strbuf *out, const char *id)
{
	iq_open(out, id);
	strbuf_adds(out, "<session xmlns='" NS_SESSION "'/></iq>");
}

void bosh_ping_write(struct strbuf *out, const char *id, const char *domain)
{
	strbuf_adds(out, "<iq type='get'");
	attr_write(out, "id", id);
	attr_write(out, "to", domain);
	strbuf_adds(out, " xmlns='" NS_CLIENT "'><ping xmlns='" NS_PING "'/></iq>");
}
