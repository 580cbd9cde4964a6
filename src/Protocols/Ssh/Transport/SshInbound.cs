using System.Buffers.Binary;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>Why no packet was shown to the caller, when it is not that more bytes are needed.</summary>
internal enum SshInboundStop : byte
{
    None,

    /// <summary>A message of the key exchange is held, to be dealt with.</summary>
    KeyExchange,

    /// <summary>The peer broke a rule.</summary>
    Fault,

    /// <summary>The peer has disconnected.</summary>
    Ended,
}

/// <summary>
/// Tells messages apart by number (RFC 4251 7) and by what is allowed when. What the transport can settle at once is settled; messages of key exchanges
/// stop the reading, since they take time; the rest is the caller's.
/// </summary>
internal sealed class SshInbound(SshReceiver receiver, SshSender sender, SshExchange exchange, SshFaults faults)
{
    private SshInboundStop _stop;
    private Memory<byte> _held;
    private bool _owesAnswer;

    public IReadOnlyList<string> ServerSigAlgs { get; private set; } = [];

    public string? PeerDisconnect { get; private set; }

    public SshEndException? Fault { get; private set; }

    public bool HasStopped => _stop != SshInboundStop.None;

    /// <summary>The next packet that the caller is to see.</summary>
    public bool TryRead(out Memory<byte> payload)
    {
        payload = default;
        while (_stop == SshInboundStop.None)
        {
            switch (receiver.TryTake(out Memory<byte> packet))
            {
                case ParseStatus.NeedMore:
                    return false;
                case ParseStatus.Malformed:
                    Stop(receiver.Fault!);
                    return false;
            }

            if (Shows(packet))
            {
                payload = packet;
                return true;
            }
        }

        return false;
    }

    /// <summary>Looks at what has come during the first exchange, which has nothing for the caller.</summary>
    public void Look()
    {
        if (TryRead(out _))
            throw new InvalidOperationException("A message was shown during the first key exchange.");
    }

    /// <summary>Why reading has stopped; a fault and an end stay.</summary>
    public SshInboundStop Stopped => _stop;

    /// <summary>The number of the message that is held.</summary>
    public byte HeldNumber => _held.Span[0];

    /// <summary>The message that is held: reading goes on behind it.</summary>
    public Memory<byte> TakeHeld()
    {
        Memory<byte> held = _held;
        _held = default;
        _stop = SshInboundStop.None;
        return held;
    }

    /// <summary>True when an answer of the transport was written since the last time.</summary>
    public bool TakeOwesAnswer()
    {
        bool owes = _owesAnswer;
        _owesAnswer = false;
        return owes;
    }

    /// <summary>RFC 4253 11.4: the answer names the sequence number of what is not known.</summary>
    public void Unimplemented()
    {
        Span<byte> answer = stackalloc byte[1 + sizeof(uint)];
        answer[0] = SshMessageNumber.Unimplemented;
        BinaryPrimitives.WriteUInt32BigEndian(answer[1..], receiver.Sequence - 1);
        Answer(answer);
    }

    private bool Shows(Memory<byte> packet)
    {
        byte number = packet.Span[0];
        if (number is >= SshMessageNumber.KexInit and <= SshMessageNumber.KexLast)
        {
            _held = packet;
            _stop = SshInboundStop.KeyExchange;
            return false;
        }

        if (Refusal(number) is { } refusal)
        {
            Stop(faults.Violation(refusal));
            return false;
        }

        switch (number)
        {
            case SshMessageNumber.Disconnect:
                OnDisconnect(packet.Span);
                return false;
            case SshMessageNumber.Ignore or SshMessageNumber.Unimplemented or SshMessageNumber.Debug or SshMessageNumber.Pong:
                return false;
            case SshMessageNumber.ExtInfo:
                OnExtInfo(packet.Span);
                return false;
            case SshMessageNumber.Ping:
                // OpenSSH PROTOCOL 1.9: the answer is the same message under another number.
                packet.Span[0] = SshMessageNumber.Pong;
                Answer(packet.Span);
                return false;
            case SshMessageNumber.ServiceRequest or SshMessageNumber.ServiceAccept or (>= SshMessageNumber.UserauthRequest and <= LastOfServices):
                return true;
            default:
                Unimplemented();
                return false;
        }
    }

    /// <summary>RFC 4250 4.1.1: 50 to 127 are those of authentication and connection.</summary>
    private const byte LastOfServices = 127;

    /// <summary>Why a message may not come now, in words; null: it may.</summary>
    private string? Refusal(byte number)
    {
        if (number == 0)
            return "message number 0";
        if (number == SshMessageNumber.Disconnect)
            return null;
        bool isGeneric = number is SshMessageNumber.Ignore or SshMessageNumber.Unimplemented or SshMessageNumber.Debug;
        // OpenSSH PROTOCOL 1.10: a packet that may be put in front unseen must not be taken for harmless.
        if (exchange.IsFirst && exchange.IsStrict)
            return "strict key exchange: a message that is not of the exchange";
        // RFC 4253 7.1: generic messages only, from KEXINIT to NEWKEYS.
        if ((exchange.IsFirst || exchange.BindsPeer) && !isGeneric)
            return "a message that is not of the key exchange, during it";
        if (!faults.Authenticated && number is >= SshMessageNumber.GlobalRequest and <= LastOfServices)
            return "a message of the connection protocol, before the login";
        return null;
    }

    private void OnDisconnect(ReadOnlySpan<byte> packet)
    {
        var reader = new SpanReader(packet[1..]);
        uint reason = reader.ReadUInt32();
        string description = SshReading.Printable(reader.ReadString());
        PeerDisconnect = $"{reason}: {description}";
        _stop = SshInboundStop.Ended;
    }

    private void OnExtInfo(ReadOnlySpan<byte> packet)
    {
        if (!SshExtInfo.TryParse(packet, out string[]? serverSigAlgs))
            Stop(faults.Violation("malformed EXT_INFO"));
        else if (serverSigAlgs is not null)
            ServerSigAlgs = serverSigAlgs;
    }

    private void Answer(ReadOnlySpan<byte> answer)
    {
        _owesAnswer = true;
        if (!sender.TryAnswer(answer, []))
            Stop(faults.Violation("more to be answered than a peer may have wait"));
    }

    private void Stop(SshEndException fault)
    {
        Fault ??= fault;
        _stop = SshInboundStop.Fault;
    }
}
