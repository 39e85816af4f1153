-- compatible with 1
-- A commit as one call, so that it is one way to the database and back. A later version that stores something else gets a
-- function of another name beside this one, and both are there until no program calls the older.

-- The place of the first event (0: there is none), or NULL if `of_token` is not the partition's: then nothing is stored.
CREATE FUNCTION store_batch(
    of_partition text, of_token bigint, at bigint,
    identities bigint[], digests bigint[],
    state_machines text[], state_keys text[], state_tenants text[], state_wakes bigint[], state_data bytea[],
    alarm_ids text[], alarm_tenants text[], alarm_slots text[], alarm_states text[], alarm_raised bigint[], alarm_data bytea[],
    effect_ids text[], effect_data bytea[], performs boolean, settled text[],
    wrong_at bigint[], wrong_tenants text[], wrong_devices text[], wrong_kinds text[], wrong_reasons text[],
    wrong_fields text[], wrong_payloads bytea[], wrong_tenant_max integer, wrong_max integer,
    answered bigint[], answers bytea[],
    event_tenants text[], event_alarms text[], event_data bytea[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    first bigint := 0;
BEGIN
    -- Before all else: whoever claims the partition waits for this row, and so does this for a claim that is under way.
    UPDATE partition SET decided_at = greatest(decided_at, at) WHERE name = of_partition AND token = of_token;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF cardinality(identities) > 0 THEN
        INSERT INTO identity AS old (identity, digest, seen_at)
        SELECT i, d, at FROM unnest(identities, digests) AS new (i, d)
        ON CONFLICT (identity) DO UPDATE SET digest = excluded.digest, seen_at = excluded.seen_at;
    END IF;
    IF cardinality(state_keys) > 0 THEN
        INSERT INTO state (machine, key, tenant, wake_at, data)
        SELECT * FROM unnest(state_machines, state_keys, state_tenants, state_wakes, state_data)
        ON CONFLICT (machine, key) DO UPDATE SET wake_at = excluded.wake_at, data = excluded.data;
    END IF;
    IF cardinality(alarm_ids) > 0 THEN
        -- In their order: one may be resolved and the next be raised in the same slot.
        INSERT INTO alarm (id, tenant, slot, state, raised_at, data)
        SELECT i, t, s, w, r, d
        FROM unnest(alarm_ids, alarm_tenants, alarm_slots, alarm_states, alarm_raised, alarm_data)
            WITH ORDINALITY AS new (i, t, s, w, r, d, n) ORDER BY n
        ON CONFLICT (id) DO UPDATE SET state = excluded.state, data = excluded.data;
    END IF;
    IF cardinality(effect_ids) > 0 THEN
        INSERT INTO effect (id, partition, data, held_until)
        SELECT i, of_partition, d, CASE WHEN performs THEN 'infinity'::timestamptz END
        FROM unnest(effect_ids, effect_data) WITH ORDINALITY AS new (i, d, n) ORDER BY n
        ON CONFLICT (id) DO UPDATE SET data = excluded.data;
    END IF;
    IF cardinality(settled) > 0 THEN
        DELETE FROM effect WHERE id = ANY (settled);
    END IF;
    IF cardinality(wrong_at) > 0 THEN
        INSERT INTO quarantine (received_at, tenant, device, kind, reason, field, payload)
        SELECT w, t, d, k, r, f, p
        FROM unnest(wrong_at, wrong_tenants, wrong_devices, wrong_kinds, wrong_reasons, wrong_fields, wrong_payloads)
            WITH ORDINALITY AS new (w, t, d, k, r, f, p, n) ORDER BY n;
        DELETE FROM quarantine AS old USING (
            SELECT t, (SELECT place FROM quarantine WHERE tenant = t ORDER BY place DESC OFFSET wrong_tenant_max LIMIT 1) AS last
            FROM (SELECT DISTINCT t FROM unnest(wrong_tenants) AS t) AS concerned
        ) AS too_old WHERE old.tenant = too_old.t AND old.place <= too_old.last;
        -- Those of others: two commits that do this at once must not wait for each other.
        DELETE FROM quarantine WHERE place IN (
            SELECT place FROM quarantine
            WHERE place <= (SELECT place FROM quarantine ORDER BY place DESC OFFSET wrong_max LIMIT 1)
            ORDER BY place FOR UPDATE SKIP LOCKED
        );
    END IF;
    IF cardinality(answered) > 0 THEN
        UPDATE inbox SET answer = new.a FROM unnest(answered, answers) AS new (p, a)
        WHERE inbox.place = new.p AND inbox.answer IS NULL;
    END IF;
    IF cardinality(event_data) > 0 THEN
        -- Last, since all others who have events wait from here until this is committed.
        UPDATE counter SET last = last + cardinality(event_data) WHERE name = 'event'
        RETURNING last - cardinality(event_data) + 1 INTO first;
        INSERT INTO event (seq, tenant, alarm, data)
        SELECT first + n - 1, t, a, d FROM unnest(event_tenants, event_alarms, event_data) WITH ORDINALITY AS new (t, a, d, n);
    END IF;
    RETURN first;
END
$$;

-- The unsettled effects of a partition, the oldest first, and who is to perform them from now on: its owner (`performs`), unless
-- a dispatcher has just claimed one; or else the dispatchers. One row of NULLs if there is none, no row if the token is an older one.
CREATE FUNCTION own_effects(of_partition text, of_token bigint, performs boolean, at_most integer)
RETURNS TABLE (effect_id text, effect_data bytea) LANGUAGE plpgsql AS $$
BEGIN
    -- Looked at before the row is held, since holding it is a write, and hardly ever is there anything to take.
    IF EXISTS (
        SELECT 1 FROM effect AS e
        WHERE e.partition = of_partition AND CASE WHEN performs
            THEN e.held_until IS NULL OR e.held_until < clock_timestamp()
            ELSE e.held_until = 'infinity' END
    ) THEN
        PERFORM 1 FROM partition AS p WHERE p.name = of_partition AND p.token = of_token FOR SHARE;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        IF performs THEN
            UPDATE effect AS e SET held_by = NULL, held_until = 'infinity'
            WHERE e.partition = of_partition AND (e.held_until IS NULL OR e.held_until < clock_timestamp());
        ELSE
            UPDATE effect AS e SET held_by = NULL, held_until = NULL
            WHERE e.partition = of_partition AND e.held_until = 'infinity';
        END IF;
    END IF;
    RETURN QUERY
        SELECT one.id, one.data FROM partition AS p
        LEFT JOIN LATERAL (
            SELECT e.place, e.id, e.data FROM effect AS e
            WHERE e.partition = p.name AND (NOT performs OR e.held_until = 'infinity')
            ORDER BY e.place LIMIT at_most
        ) AS one ON true
        WHERE p.name = of_partition AND p.token = of_token
        ORDER BY one.place;
END
$$;
