using System.Buffers.Binary;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Frames;

/// <summary>Parameters of SETTINGS (RFC 9113 6.5.2, RFC 8441 3, RFC 9218 2.1).</summary>
internal enum H2Setting : ushort
{
    SETTINGS_HEADER_TABLE_SIZE = 0x1,
    SETTINGS_ENABLE_PUSH = 0x2,
    SETTINGS_MAX_CONCURRENT_STREAMS = 0x3,
    SETTINGS_INITIAL_WINDOW_SIZE = 0x4,
    SETTINGS_MAX_FRAME_SIZE = 0x5,
    SETTINGS_MAX_HEADER_LIST_SIZE = 0x6,
    SETTINGS_ENABLE_CONNECT_PROTOCOL = 0x8,
    SETTINGS_NO_RFC7540_PRIORITIES = 0x9,
}

/// <summary>What a peer has said of itself, or we of us; begins at what holds before anybody has said anything.</summary>
internal readonly record struct H2Settings()
{
    /// <summary>Bytes of one parameter: Identifier (16), Value (32).</summary>
    public const int EntrySize = 6;

    public const int DefaultWindow = 65_535;
    public const int LeastFrame = 1 << 14;
    public const int MostFrame = (1 << 24) - 1;

    private static readonly H2Fault BadSwitch = H2Fault.OfConnection(H2ErrorCode.PROTOCOL_ERROR, "a setting that is neither 0 nor 1");
    private static readonly H2Fault BadPush = H2Fault.OfConnection(H2ErrorCode.PROTOCOL_ERROR, "a server that wants to be pushed to");
    private static readonly H2Fault BadWindow = H2Fault.OfConnection(H2ErrorCode.FLOW_CONTROL_ERROR, "an initial window above 2^31 - 1");
    private static readonly H2Fault BadFrame = H2Fault.OfConnection(H2ErrorCode.PROTOCOL_ERROR, "a SETTINGS_MAX_FRAME_SIZE out of its range");
    private static readonly H2Fault TakenBack = H2Fault.OfConnection(H2ErrorCode.PROTOCOL_ERROR, "a setting that may not be taken back");

    public uint HeaderTableSize { get; init; } = 4096;

    public bool EnablePush { get; init; } = true;

    public uint MaxConcurrentStreams { get; init; } = uint.MaxValue;

    public int InitialWindowSize { get; init; } = DefaultWindow;

    public int MaxFrameSize { get; init; } = LeastFrame;

    /// <summary>Advisory (RFC 9113 6.5.2), by the count of <see cref="HttpHead.Size"/>.</summary>
    public uint MaxHeaderListSize { get; init; } = uint.MaxValue;

    /// <summary>Extended CONNECT (RFC 8441).</summary>
    public bool EnableConnectProtocol { get; init; }

    public bool NoRfc7540Priorities { get; init; }

    /// <summary>A SETTINGS frame has been applied.</summary>
    public bool Received { get; init; }

    /// <summary>Applies the payload of a SETTINGS frame without ACK, of a length that is right: "values in the SETTINGS frame MUST be processed in the order they appear" (RFC 9113 6.5.3).</summary>
    /// <param name="fromServer">The peer is the server.</param>
    /// <param name="settings">Changed only when nothing is wrong.</param>
    /// <returns>What is wrong; null: nothing.</returns>
    public static H2Fault? TryApply(ReadOnlySpan<byte> payload, bool fromServer, ref H2Settings settings)
    {
        H2Settings next = settings;
        for (; payload.Length >= EntrySize; payload = payload[EntrySize..])
        {
            var setting = (H2Setting)BinaryPrimitives.ReadUInt16BigEndian(payload);
            H2Fault? fault = TryApply(setting, BinaryPrimitives.ReadUInt32BigEndian(payload[2..]), fromServer, settings.Received, ref next);
            if (fault is not null)
                return fault;
        }

        settings = next with { Received = true };
        return null;
    }

    private static H2Fault? TryApply(H2Setting setting, uint value, bool fromServer, bool again, ref H2Settings next)
    {
        switch (setting)
        {
            case H2Setting.SETTINGS_HEADER_TABLE_SIZE:
                next = next with { HeaderTableSize = value };
                return null;

            // "Any value other than 0 or 1 MUST be treated as a connection error of type PROTOCOL_ERROR." "A client MUST treat receipt of a SETTINGS frame with SETTINGS_ENABLE_PUSH set to 1 as a connection error
            // of type PROTOCOL_ERROR." (RFC 9113 6.5.2)
            case H2Setting.SETTINGS_ENABLE_PUSH:
                next = next with { EnablePush = value != 0 };
                return value > 1 ? BadSwitch : fromServer && value == 1 ? BadPush : null;

            case H2Setting.SETTINGS_MAX_CONCURRENT_STREAMS:
                next = next with { MaxConcurrentStreams = value };
                return null;

            // "Values above the maximum flow-control window size of 2^31-1 MUST be treated as a connection error of type FLOW_CONTROL_ERROR." (RFC 9113 6.5.2)
            case H2Setting.SETTINGS_INITIAL_WINDOW_SIZE:
                next = next with { InitialWindowSize = (int)value };
                return value > int.MaxValue ? BadWindow : null;

            // "The value advertised by an endpoint MUST be between this initial value [2^14] and the maximum allowed frame size (2^24-1 or 16,777,215 octets), inclusive. Values outside this range MUST be treated as a
            // connection error of type PROTOCOL_ERROR." (RFC 9113 6.5.2)
            case H2Setting.SETTINGS_MAX_FRAME_SIZE:
                next = next with { MaxFrameSize = (int)value };
                return value is < LeastFrame or > MostFrame ? BadFrame : null;

            case H2Setting.SETTINGS_MAX_HEADER_LIST_SIZE:
                next = next with { MaxHeaderListSize = value };
                return null;

            // "The value of the parameter MUST be 0 or 1." "A sender MUST NOT send a SETTINGS_ENABLE_CONNECT_PROTOCOL parameter with the value of 0 after previously sending a value of 1." (RFC 8441 3)
            case H2Setting.SETTINGS_ENABLE_CONNECT_PROTOCOL:
                bool takenBack = next.EnableConnectProtocol && value == 0;
                next = next with { EnableConnectProtocol = value != 0 };
                return value > 1 ? BadSwitch : takenBack ? TakenBack : null;

            // "The value of SETTINGS_NO_RFC7540_PRIORITIES MUST be 0 or 1. Any value other than 0 or 1 MUST be treated as a connection error of type PROTOCOL_ERROR." "Senders MUST NOT change the
            // SETTINGS_NO_RFC7540_PRIORITIES value after the first SETTINGS frame" (RFC 9218 2.1).
            case H2Setting.SETTINGS_NO_RFC7540_PRIORITIES:
                bool changed = again && next.NoRfc7540Priorities != (value != 0);
                next = next with { NoRfc7540Priorities = value != 0 };
                return value > 1 ? BadSwitch : changed ? TakenBack : null;

            // "An endpoint that receives a SETTINGS frame with any unknown or unsupported identifier MUST ignore that setting." (RFC 9113 6.5.2)
            default:
                return null;
        }
    }
}
