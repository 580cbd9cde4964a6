using Sallyport.Protocols.Http2.WebSockets;

namespace Sallyport.Fuzz.Targets;

/// <summary>
/// Frames of a WebSocket (the first byte says of which peer), and the channels in them: byte by byte they are what they are whole.
/// </summary>
internal sealed class WebSocketTarget : ITarget
{
    public string Name => "WebSocket";

    public long MaxAllocation(int inputLength) => (1 << 20) + (256L * inputLength);

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
            return;
        bool fromClient = (input[0] & 1) != 0;
        input = input[1..];
        (WebSocketPart Part, int Consumed, ulong Digest) whole = Read(input, Math.Max(1, input.Length), 64 * 1024, fromClient);
        (WebSocketPart Part, int Consumed, ulong Digest) bytes = Read(input, 1, 3, fromClient);
        OracleException.Require(whole == bytes, $"whole {whole}, in bytes {bytes}");
    }

    private static (WebSocketPart Part, int Consumed, ulong Digest) Read(ReadOnlySpan<byte> input, int step, int scratchLength, bool fromClient)
    {
        var reader = new WebSocketFrameReader(fromClient, WebSocketLimits.Default);
        var channels = new KubeChannelReader(KubeSubprotocol.V5, fromClient);
        var ports = new KubePortReader([80, 443], fromClient);
        var sizes = new KubeResizeReader();
        byte[] scratch = new byte[scratchLength];
        ulong digest = 0;
        int at = 0;
        for (int end = Math.Min(step, input.Length); ; end = Math.Min(end + step, input.Length))
        {
            WebSocketPart part;
            while ((part = reader.Read(input[at..end], scratch, out int consumed, out WebSocketSlice slice, out WebSocketViolation? violation)) != WebSocketPart.None)
            {
                if (part == WebSocketPart.Malformed)
                    return (part, violation!.CloseCode, 0); // how much of a message came before it depends on the pieces
                at += consumed;
                Add(ref digest, slice.Payload);
                if (slice.Ends)
                    digest = (digest * 31) + (ulong)slice.Opcode;
                if (part != WebSocketPart.Data)
                    continue;
                bool isChannel = channels.TryRead(slice, out _, out ReadOnlySpan<byte> payload, out _);
                OracleException.Require(payload.Length <= slice.Payload.Length, "a channel has more than its message");
                if (isChannel)
                    sizes.Take(payload);
                if (ports.TryRead(slice, out int port, out _, out payload))
                    OracleException.Require(port < 2 && payload.Length <= slice.Payload.Length, "a port that there is not");
                KubeExit.TryParse(payload.ToArray(), out _);
            }

            at = end;
            if (end == input.Length)
                return (part, at, digest);
        }
    }

    private static void Add(ref ulong digest, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
            digest = (digest * 31) + b;
    }
}
