DROP TABLE inbox, quarantine, identity, effect, event, counter, alarm, state, lease, worker, credential, site, partition, setting;
