CREATE INDEX effect_claimable ON effect (place) WHERE held_until IS DISTINCT FROM 'infinity';
DROP INDEX effect_turns, effect_urgent;
DROP FUNCTION effect_tenant(bytea), effect_urgency(bytea);
