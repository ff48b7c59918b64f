((bucket >= toDateTime({from:UInt32}, 'UTC')
            AND bucket < toDateTime({middle_from:UInt32}, 'UTC'))
        OR (bucket >= toDateTime({middle_to:UInt32}, 'UTC')
            AND bucket < toDateTime({to:UInt32}, 'UTC')))
