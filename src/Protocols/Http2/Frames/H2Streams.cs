using Event = Sallyport.Protocols.Http2.Frames.H2StreamEvent;
using State = Sallyport.Protocols.Http2.Frames.H2StreamState;

namespace Sallyport.Protocols.Http2.Frames;

/// <summary>
/// What is legal on a stream when (RFC 9113 5.1), without push:
/// <code>
///            +------+
///            | idle |
///            +--+---+
///               | HEADERS: the client's to send, the server's to receive
///               v
///            +------+   END_STREAM received   +-----------------------+
///            | open |------------------------>| half-closed (remote)  |--+
///            |      |   END_STREAM sent       +-----------------------+  | END_STREAM of the other side
///            |      |------------------------>| half-closed (local)   |--+
///            +--+---+                         +-----------------------+  |
///               | RST_STREAM, of either side, from all of them           v
///               +-------------------------------------------------->  closed
/// </code>
/// </summary>
internal static class H2Streams
{
    /// <summary>The state behind an event, and what comes of it.</summary>
    /// <param name="weAreServer">The stream is one that the peer opens; else we open it.</param>
    public static H2Step TryAdvance(bool weAreServer, State state, Event happens, out State next)
    {
        next = state;
        return happens < Event.ReceiveHeaders ? Send(weAreServer, state, happens, ref next) : Receive(weAreServer, state, happens, ref next);
    }

    private static H2Step Send(bool weAreServer, State state, Event happens, ref State next)
    {
        switch (state)
        {
            case State.Idle:
                if (weAreServer || happens is not (Event.SendHeaders or Event.SendHeadersEnd))
                    return H2Step.Forbidden;
                next = happens == Event.SendHeaders ? State.Open : State.HalfClosedLocal;
                return H2Step.Go;

            case State.Open or State.HalfClosedRemote:
                if (happens == Event.SendReset)
                    next = State.ResetByUs;
                else if (happens is Event.SendHeadersEnd or Event.SendDataEnd)
                    next = state == State.Open ? State.HalfClosedLocal : State.Closed;
                return H2Step.Go;

            // "A stream that is in the 'half-closed (local)' state cannot be used for sending frames other than WINDOW_UPDATE, PRIORITY, and RST_STREAM."
            case State.HalfClosedLocal:
                if (happens == Event.SendReset)
                    next = State.ResetByUs;
                return happens is Event.SendReset or Event.SendWindowUpdate ? H2Step.Go : H2Step.Forbidden;

            // "An endpoint MUST NOT send frames other than PRIORITY on a closed stream", but a stream error on one that its peer takes for open is answered by RST_STREAM.
            default:
                return happens == Event.SendReset && state != State.ResetByPeer ? H2Step.Go : H2Step.Forbidden;
        }
    }

    private static H2Step Receive(bool weAreServer, State state, Event happens, ref State next)
    {
        // PRIORITY may come in any state, and nothing comes of it (RFC 9113 5.3.2, 6.3).
        if (happens == Event.ReceivePriority)
            return H2Step.Ignore;

        switch (state)
        {
            // "Receiving any frame other than HEADERS or PRIORITY on a stream in this state MUST be treated as a connection error of type PROTOCOL_ERROR." A server cannot open one at all.
            case State.Idle:
                if (!weAreServer || happens is not (Event.ReceiveHeaders or Event.ReceiveHeadersEnd))
                    return H2Step.ConnectionProtocolError;
                next = happens == Event.ReceiveHeaders ? State.Open : State.HalfClosedRemote;
                return H2Step.Go;

            case State.Open or State.HalfClosedLocal:
                return ReceiveOpen(weAreServer, state, happens, ref next);

            // "If an endpoint receives additional frames, other than WINDOW_UPDATE, PRIORITY, or RST_STREAM, for a stream that is in this state, it MUST respond with a stream error of type STREAM_CLOSED."
            case State.HalfClosedRemote:
                if (happens == Event.ReceiveReset)
                    next = State.ResetByPeer;
                return happens is Event.ReceiveReset or Event.ReceiveWindowUpdate ? H2Step.Go : H2Step.StreamClosed;

            // "An endpoint MAY treat receipt of any other type of frame on a closed stream as a connection error of type STREAM_CLOSED": of the stream, here (RFC 7540 5.1 has it so). Credit and a second reset ask for
            // nothing and are ignored: what is answered by a reset could be sent to make us work.
            case State.ResetByPeer:
                return happens is Event.ReceiveReset or Event.ReceiveWindowUpdate ? H2Step.Ignore : H2Step.StreamClosed;

            // "An endpoint MUST minimally process and then discard any frames it receives in this state. This means updating header compression state for HEADERS ... Additionally, the content of DATA frames counts toward
            // the connection flow-control window."
            case State.ResetByUs:
                return H2Step.Ignore;

            // As above, and here the peer has itself said that nothing would come: the connection ends. But "an endpoint that sends a frame with the END_STREAM flag set or a RST_STREAM frame might receive a WINDOW_UPDATE or
            // RST_STREAM frame from its peer in the time before the peer receives and processes the frame that closes the stream."
            default:
                return happens is Event.ReceiveReset or Event.ReceiveWindowUpdate ? H2Step.Ignore : H2Step.ConnectionClosed;
        }
    }

    private static H2Step ReceiveOpen(bool weAreServer, State state, Event happens, ref State next)
    {
        // A request's second field section is its trailers, which end it: "An endpoint that receives a HEADERS frame without the END_STREAM flag set after receiving the HEADERS frame that opens a request ... MUST treat the
        // corresponding request or response as malformed" (RFC 9113 8.1). A response may have interim ones before it; which is which only their :status tells.
        if (weAreServer && happens == Event.ReceiveHeaders)
            return H2Step.StreamProtocolError;
        if (happens == Event.ReceiveReset)
            next = State.ResetByPeer;
        else if (happens is Event.ReceiveHeadersEnd or Event.ReceiveDataEnd)
            next = state == State.Open ? State.HalfClosedRemote : State.Closed;
        return H2Step.Go;
    }
}
