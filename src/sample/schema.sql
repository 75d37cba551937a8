-- The shop's books. Atoms are text: SQLite's integers are too small for them.
create table if not exists orders (
    reference   text primary key,
    account     text not null,
    asset       text not null,
    network     text not null,
    due         text not null,
    payment     text unique,
    status      text not null,
    version     integer not null default 0,
    state       text not null,
    dispute     text,
    fulfilments integer not null default 0
) strict;

-- The inbox: every genuine event, and whether it has been applied.
create table if not exists events (
    id      text primary key,
    kind    text not null,
    payment text not null,
    applied integer not null,
    body    text not null
) strict;
create index if not exists events_by_payment on events (payment);

create table if not exists postings (
    id         integer primary key,
    reference  text not null,
    payment    text not null,
    kind       text not null default 'credit',
    atoms      text not null,
    cause      text not null,
    cause_kind text not null
) strict;
create index if not exists postings_by_reference on postings (reference);
create index if not exists postings_by_payment on postings (payment);

create table if not exists exceptions (
    reference text not null,
    class     text not null,
    payment   text not null,
    is_open   integer not null,
    primary key (reference, class, payment)
) strict;
