//! Migrations can be applied and undone, step by step, and leave nothing.

use self_tests::database::Database;
use self_tests::environment::program;
use self_tests::servers::Servers;

/// Everything that a migration can leave, one item a line: columns, views, constraints, indexes, policies, row
/// security, functions, privileges, extensions.
const SCHEMA: &str = "
    with ours as (
        select c.oid, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relacl
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public' and c.relname not like '\\_sqlx%'
    ), lines(line) as (
        select format('column %s.%s %s %s %s', o.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                      a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
        from ours o join pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
        left join pg_attrdef d on d.adrelid = o.oid and d.adnum = a.attnum where o.relkind = 'r'
        union all select format('table %s %s %s %s', relname, relrowsecurity, relforcerowsecurity, relacl)
        from ours where relkind = 'r'
        union all select format('view %s %s %s %s', o.relname, o.relacl, c.reloptions, pg_get_viewdef(o.oid))
        from ours o join pg_class c on c.oid = o.oid where o.relkind = 'v'
        union all select format('constraint %s %s %s', o.relname, c.conname, pg_get_constraintdef(c.oid))
        from ours o join pg_constraint c on c.conrelid = o.oid
        union all select format('index %s', pg_get_indexdef(oid)) from ours where relkind = 'i'
        union all select format('policy %s %s %s %s %s %s', tablename, policyname, roles, cmd, qual, with_check)
        from pg_policies where schemaname = 'public'
        union all select format('function %s %s', p.oid::regprocedure, md5(p.prosrc))
        from pg_proc p where p.pronamespace = 'public'::regnamespace
          and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
        union all select format('trigger %s', pg_get_triggerdef(t.oid))
        from pg_trigger t join ours o on o.oid = t.tgrelid where not t.tgisinternal
        union all select format('extension %s', extname) from pg_extension
        union all select format('schema %s', nspacl) from pg_namespace where nspname = 'public'
    )
    select coalesce(string_agg(line, E'\\n' order by line), '') from lines";

#[tokio::test]
async fn every_migration_can_be_taken_back_and_brought_again() {
    let database = Database::empty(&Servers::shared().postgres).await;
    let before = schema(&database).await;
    migrate(&database, &["up"]);
    let complete = schema(&database).await;
    assert!(complete.contains("column users.email"), "{complete}");

    let mut below = complete.clone();
    for steps in 1..=applied(&database).0 {
        migrate(&database, &["down"]);
        let reached = schema(&database).await;
        assert_ne!(reached, below, "step {steps} down took nothing back");
        migrate(&database, &["up"]);
        assert_eq!(schema(&database).await, complete, "up again after {steps} down");
        migrate(&database, &["down", &steps.to_string()]);
        assert_eq!(schema(&database).await, reached, "{steps} down at once");
        below = reached;
    }
    assert_eq!(applied(&database).0, 0);
    assert_eq!(without_privileges(&below), without_privileges(&before));
}

#[tokio::test]
async fn status_lists_what_is_applied_and_what_is_missing() {
    let database = Database::empty(&Servers::shared().postgres).await;
    let (none, all) = applied(&database);
    assert!(none == 0 && all > 0);
    migrate(&database, &["up"]);
    assert_eq!(applied(&database), (all, all));
    migrate(&database, &["down", "2"]);
    assert_eq!(applied(&database), (all - 2, all));
}

#[tokio::test]
async fn drop_leaves_nothing_and_is_refused_in_production_unless_forced() {
    let database = Database::empty(&Servers::shared().postgres).await;
    let before = schema(&database).await;
    migrate(&database, &["up"]);
    let complete = schema(&database).await;

    let secrets = ["JWT_SECRET", "JWT_REFRESH_SECRET"].map(|name| (name, name.repeat(4)));
    let mut production: Vec<_> = secrets.iter().map(|(name, value)| (*name, value.as_str())).collect();
    production.push(("ENVIRONMENT", "production"));
    let refused = database.command(&program("self-api"), &["migrate", "drop"], &production);
    assert!(!refused.status.success());
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("production") && why.contains("--force"), "{why}");
    assert_eq!(schema(&database).await, complete);

    let forced = database.command(&program("self-api"), &["migrate", "drop", "--force"], &production);
    assert!(forced.status.success(), "{}", String::from_utf8_lossy(&forced.stderr));
    assert_eq!(without_privileges(&schema(&database).await), without_privileges(&before));
    assert_eq!(database.count("from pg_tables where schemaname = 'public'").await, 0);

    migrate(&database, &["up"]);
    assert_eq!(schema(&database).await, complete);
}

/// Runs `self-api migrate`, which must succeed.
#[track_caller]
fn migrate(database: &Database, arguments: &[&str]) -> String {
    let ran = database.command(&program("self-api"), &[&["migrate"], arguments].concat(), &[]);
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

/// The number of applied migrations, and of all migrations.
#[track_caller]
fn applied(database: &Database) -> (usize, usize) {
    let status = migrate(database, &["status"]);
    (status.lines().filter(|line| line.starts_with("applied ")).count(), status.lines().count())
}

async fn schema(database: &Database) -> String {
    database.value(SCHEMA).await.unwrap()
}

/// Removes privileges: PostgreSQL lists the default ones explicitly once a grant was made, also if it was
/// revoked.
fn without_privileges(schema: &str) -> Vec<&str> {
    schema.lines().filter(|line| !line.starts_with("schema ")).collect()
}
