# SPDX-License-Identifier: Apache-2.0
"""What the reference implementation (socket.io 4.8.4) does otherwise, and why we do not.

Each row is a test of the rules that must fail against the reference, with what is `seen` there: so
that the table cannot say what is not so, and no test is left out in silence."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    test: str  # its cases too, if `cases` is empty
    cases: tuple
    seen: str  # a pattern in how the test fails
    why: str


ROWS = [
    # Requests
    Row("test_a_refused_upgrade_request_gets_plain_words_and_is_closed",
        ("EIO=4&transport=polling-Bad request",), "no attribute 'body'",
        "Answers 101 and closes the WebSocket; a 400 says why."),
    Row("test_a_refused_upgrade_request_gets_plain_words_and_is_closed",
        ("EIO=3&transport=websocket-Unsupported protocol version",
         "transport=websocket-Unsupported protocol version"), "no attribute 'body'",
        "Looks at EIO after its 101, and writes a 400 where frames are expected."),
    Row("test_other_paths_are_not_found", ("/engine.io/x",), "200 == 404",
        "Takes every path that begins with its own."),
    Row("test_other_methods_are_refused_and_the_session_lives", ("PUT", "DELETE", "PATCH"),
        "500 == 400", "Blames itself for what the client did wrong."),
    # Long-polling
    Row("test_a_post_that_ends_the_session_is_refused", (), "200 == 400",
        "Answers ok to what it does not take."),
    Row("test_a_malformed_payload_ends_the_session", ("b!", "bA", "4\\xff"), "assert not True",
        "Makes some bytes of any base64, and some text of any bytes."),
    Row("test_a_post_far_above_the_limit_is_not_read", (), "RemoteDisconnected",
        "Counts what has come, not what is announced, and waits for it till the session ends."),
    Row("test_the_post_that_came_first_is_answered_too", (), "RemoteDisconnected",
        "Drops the connection; proxies make a 502 of that."),
    # WebSocket
    Row("test_a_close_packet_closes_at_once", (), "still open",
        "Waits for the ping timeout; either is allowed."),
    Row("test_frames_right_behind_the_request_are_read", (), "'4b' == '4a'",
        "Loses a message that comes before it has made the session's id."),
    Row("test_a_broken_websocket_handshake_is_refused", ("Sec-WebSocket-Version-8",), "101 == 400",
        "Speaks the draft of 2011, too."),
    # Upgrade
    Row("test_anything_but_the_probe_closes_the_new_socket_only", ("5",), "still open",
        "Upgrades without a probe."),
    Row("test_a_second_websocket_for_a_session_is_refused", (), "101 == 400",
        "Answers 101 and closes the WebSocket; a 400 says why."),
    # Socket.IO
    Row("test_the_auth_payload_is_passed_on", (), r'"n":1\.5\}',
        "Reads JSON and writes it anew; we pass its text through."),
    Row("test_arguments_come_back_as_they_are",
        (r'"\u20ac\U0001f600","\\u20ac"', "1.50,1e400,-0,12345678901234567890"),
        "message-back", "Reads JSON and writes it anew; we pass its text through."),
    Row("test_a_disconnected_client_over_polling_is_told_why_first", (), r"\['6', '1'\] == \['1'\]",
        "A NOOP before the CLOSE, which tells a client nothing."),
    Row("test_only_so_many_acks_are_waited_for_at_once", (), r'42\d+\["question",100\]',
        "Keeps a handler for every answer a client does not give."),
    Row("test_a_malformed_packet_ends_it", ("42", "43", "43[]"), "still open",
        "Takes an EVENT without data, and an ACK without an id, and does nothing with it."),
    Row("test_packets_for_a_namespace_not_joined_end_it",
        ('451-["x",{"_placeholder":true,"num":0}]',), "still open",
        "Looks at the namespace once the attachments are there, and waits for them for ever."),
    Row("test_attachments_that_do_not_fit_end_it", ("messages9",), "still open",
        "Takes an ACK without an id, and does nothing with it."),
    Row("test_attachments_must_come_in_time", (), "still open",
        "Waits for attachments for ever, and holds what came."),
    Row("test_attachments_are_bounded_together", (), "still open",
        "Holds ten messages of the greatest size for one packet."),
]


def otherwise(test, case):
    """The row of a test, or nothing when the reference keeps its rule."""
    for row in ROWS:
        if row.test == test and (not row.cases or case in row.cases):
            return row
    return None
