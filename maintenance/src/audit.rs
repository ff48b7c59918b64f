//! Whether every record that was received is accounted for, hour by hour.
