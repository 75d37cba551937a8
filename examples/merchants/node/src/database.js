// The database: its pool, its transactions, its migrations.

import { readdir, readFile } from "node:fs/promises";
import pg from "pg";

export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });

/** All of it is stored or nothing. */
export async function transaction(work) {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}

/** Runs, in their order, the migrations that this database has not seen. */
export async function migrate() {
  const folder = new URL("../migrations/", import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  await transaction(async (client) => {
    await client.query("SELECT pg_advisory_xact_lock(4242)");
    await client.query("CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY)");
    const { rows } = await client.query("SELECT name FROM migrations");
    const seen = new Set(rows.map((row) => row.name));
    for (const name of names.filter((name) => !seen.has(name))) {
      await client.query(await readFile(new URL(name, folder), "utf8"));
      await client.query("INSERT INTO migrations VALUES ($1)", [name]);
    }
  });
}
