DROP FUNCTION own_effects(text, bigint, boolean, integer);
DROP FUNCTION store_batch(
    text, bigint, bigint,
    bigint[], bigint[],
    text[], text[], text[], bigint[], bytea[],
    text[], text[], text[], text[], bigint[], bytea[],
    text[], bytea[], boolean, text[],
    bigint[], text[], text[], text[], text[], text[], bytea[], integer, integer,
    bigint[], bytea[],
    text[], text[], bytea[]
);
