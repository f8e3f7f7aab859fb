"""The state machine of tests/inbox/test_state_machine.py: what should be (world), what is (reality), what happens."""
