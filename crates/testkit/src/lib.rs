//! Test support: simulated clocks, seeded faults, fake phones
