-- compatible with 1
-- What a dispatcher may look at, without what owners perform themselves.
CREATE INDEX effect_claimable ON effect (place) WHERE held_until IS DISTINCT FROM 'infinity';
