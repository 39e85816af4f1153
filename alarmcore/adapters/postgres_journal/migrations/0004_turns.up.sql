-- compatible with 1
-- In which order dispatchers take effects: tenants in turns, and of each what is urgent first. A row is told by what it carries (the
-- message of a telling, in msgpack), so that nothing that stores effects need say more, and older programs go on as they did: they
-- read in the order of `place`, for which there is the primary key.
--
-- What stands in an index must never fail, whatever bytes it is given: a batch of readings could not be stored then. A marker is the
-- name of a field and the type byte of what follows; neither UTF-8 text nor a shorter field can hold those bytes.

-- The tenant of an effect, or one word for all that say none. Those longer than 31 letters are told apart by their first 24.
CREATE FUNCTION effect_tenant(data bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN at > 0 AND length(data) > at + 5
        THEN substring(data FROM at + 7 FOR get_byte(data, at + 5) & 31) ELSE ''::bytea END
    FROM (SELECT position('\xa4736c6f7494'::bytea IN data) AS at) AS slot  -- slot, and four things in a row
$$;

-- How much later it may come than others of its tenant: critical, high (and what says nothing), normal, technical alarms; of each
-- first whoever has not been told yet, then those who are told once more since nobody has taken it.
CREATE FUNCTION effect_urgency(data bytea) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN position('\xa87072696f72697479a8637269746963616c'::bytea IN data) > 0 THEN 0  -- priority: critical
                WHEN position('\xa87072696f72697479a66e6f726d616c'::bytea IN data) > 0 THEN 4  -- normal
                WHEN position('\xa87072696f72697479a9746563686e6963616c'::bytea IN data) > 0 THEN 6  -- technical
                ELSE 2 END
         + CASE WHEN position('\xa66e756d62657200'::bytea IN data) > 0 THEN 0 ELSE 1 END  -- number: 0
$$;

CREATE INDEX effect_turns ON effect (effect_tenant(data), effect_urgency(data), place) WHERE held_until IS DISTINCT FROM 'infinity';
CREATE INDEX effect_urgent ON effect (effect_urgency(data), place) WHERE held_until IS DISTINCT FROM 'infinity';
DROP INDEX effect_claimable;
