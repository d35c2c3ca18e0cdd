// prebind's own database on PostgreSQL: the tests about accounts that are made at their first use run on it too.
import { after, before, test } from "node:test";
import { OnPostgresql } from "../lib/on_postgresql.mjs";

const server = new OnPostgresql();
before(() => server.start());
after(() => server.close());

/** Files, and a pattern for the names of their tests. */
const FILES = {
	provision: ".",
};

for (const [name, only] of Object.entries(FILES))
	test(name, () => server.run(name, only));
