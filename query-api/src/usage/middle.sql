bucket >= toDateTime({middle_from:UInt32}, 'UTC')
      AND bucket < toDateTime({middle_to:UInt32}, 'UTC')
