DROP TABLE inbox, quarantine, identity, effect, event, counter, alarm, state, lease, worker, remembered, credential, site, partition, setting;
