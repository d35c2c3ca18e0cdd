// prebind's own database on PostgreSQL: the tests about two people with one account, the JID map and prebindctl run on it too.
import { after, before, test } from "node:test";
import { OnPostgresql } from "../lib/on_postgresql.mjs";

const server = new OnPostgresql();
before(() => server.start());
after(() => server.close());

/** Files, and a pattern for the names of their tests. */
const FILES = {
	one_account: ".",
	map_import: ".",
	ctl_verbs: ".",
};

for (const [name, only] of Object.entries(FILES))
	test(name, () => server.run(name, only));
