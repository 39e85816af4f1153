DROP INDEX effect_claimable;
