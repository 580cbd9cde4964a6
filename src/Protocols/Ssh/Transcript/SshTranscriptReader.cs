using System.Buffers.Binary;
using System.Globalization;

namespace Sallyport.Protocols.Ssh.Transcript;

/// <summary>Turns messages (RFC 4254) into entries, and follows the channels they are about.</summary>
internal sealed class SshTranscriptReader(SshTranscriptLimits limits)
{
    private const int MaxUnanswered = 256;

    // Numbers are used again, so that there are few; a hostile recording may use any.
    private const int MaxNumbers = 65536;

    private readonly Dictionary<uint, SshTranscriptChannel> _channels = [];
    private readonly Dictionary<uint, int> _uses = [];
    private readonly Queue<SshTranscriptEntry> _entries = new();
    private bool _toldMany;

    /// <summary>Set when a message is not what its type says.</summary>
    public string? Fault { get; private set; }

    public bool TryTake(out SshTranscriptEntry? entry) => _entries.TryDequeue(out entry);

    public void Add(SshTranscriptEntry entry) => _entries.Enqueue(entry);

    public string? TakeFault()
    {
        string? fault = Fault;
        Fault = null;
        return fault;
    }

    /// <summary>The recording ends: so do its channels.</summary>
    public void End(DateTimeOffset time)
    {
        foreach (SshTranscriptChannel channel in _channels.Values.OrderBy(channel => channel.Number))
            Add(new SshChannelEntry(time, channel, SshChannelStep.Closed));
        _channels.Clear();
    }

    /// <summary>A piece of CHANNEL_DATA or CHANNEL_EXTENDED_DATA, whose fields before the data are <paramref name="head"/>.</summary>
    public void Data(ReadOnlySpan<byte> head, ReadOnlySpan<byte> piece, bool fromTarget, DateTimeOffset time)
    {
        if (Find(BinaryPrimitives.ReadUInt32BigEndian(head[1..]), time) is not { } channel)
            return;
        SshStream stream = !fromTarget ? SshStream.Input : head[0] == SshMessageNumber.ChannelData ? SshStream.Output : SshStream.Error;
        switch (stream)
        {
            case SshStream.Input: channel.InputBytes += piece.Length; break;
            case SshStream.Output: channel.OutputBytes += piece.Length; break;
            default: channel.ErrorBytes += piece.Length; break;
        }

        if (limits.KeepData)
            Add(new SshDataEntry(time, channel, stream, piece.ToArray()));
    }

    /// <summary>Any other message, or its head.</summary>
    public void Message(ReadOnlySpan<byte> message, bool fromTarget, DateTimeOffset time)
    {
        var fields = new SshTranscriptFields(message);
        byte type = fields.Byte();
        switch (type)
        {
            case SshMessageNumber.GlobalRequest: Global(ref fields, fromTarget, time); break;
            case SshMessageNumber.ChannelOpen: Open(ref fields, fromTarget, time); break;
            case SshMessageNumber.ChannelOpenConfirmation: Opened(ref fields, time); break;
            case SshMessageNumber.ChannelOpenFailure: NotOpened(ref fields, time); break;
            case SshMessageNumber.ChannelRequest: Request(ref fields, fromTarget, time); break;
            case SshMessageNumber.ChannelSuccess or SshMessageNumber.ChannelFailure: Answer(ref fields, fromTarget, type == SshMessageNumber.ChannelSuccess); break;
            case SshMessageNumber.ChannelClose: Close(ref fields, fromTarget, time); break;
            case SshMessageNumber.ChannelData or SshMessageNumber.ChannelExtendedData: Fault = $"message {type} without data"; break;
        }

        if (!fields.Ok)
            Fault = $"message {type} is cut short";
    }

    private SshTranscriptChannel? Find(uint number, DateTimeOffset time)
    {
        if (_channels.TryGetValue(number, out SshTranscriptChannel? channel) || !limits.FromMiddle || _channels.Count >= limits.Channels)
            return channel;
        return _channels[number] = new SshTranscriptChannel
        {
            Number = number,
            Use = 1,
            Type = "session",
            FromTarget = false,
            OpenedAt = time,
            Destination = "",
            Opened = SshOutcome.Accepted,
        };
    }

    private void Global(ref SshTranscriptFields fields, bool fromTarget, DateTimeOffset time)
    {
        string name = fields.Text(limits.TextChars);
        fields.Bool();
        string destination = name switch
        {
            "tcpip-forward" or "cancel-tcpip-forward" => $"{fields.Text(limits.TextChars)}:{fields.UInt32()}",
            "streamlocal-forward@openssh.com" or "cancel-streamlocal-forward@openssh.com" => fields.Text(limits.TextChars),
            _ => "",
        };
        if (fields.Ok)
            Add(new SshGlobalEntry(time, name, destination, fromTarget));
    }

    private void Open(ref SshTranscriptFields fields, bool fromTarget, DateTimeOffset time)
    {
        string type = fields.Text(limits.TextChars);
        uint number = fields.UInt32();
        fields.UInt32();
        fields.UInt32();
        string destination = type switch
        {
            "direct-tcpip" or "forwarded-tcpip" => $"{fields.Text(limits.TextChars)}:{fields.UInt32()}",
            "direct-streamlocal@openssh.com" or "forwarded-streamlocal@openssh.com" => fields.Text(limits.TextChars),
            _ => "",
        };
        if (!fields.Ok)
            return;
        if (_channels.Remove(number, out SshTranscriptChannel? before))
        {
            Fault = $"channel {number} is opened twice";
            Add(new SshChannelEntry(time, before, SshChannelStep.Closed));
        }

        if (_channels.Count >= limits.Channels)
        {
            if (!_toldMany)
                Fault = "more channels are open than are followed";
            _toldMany = true;
            return;
        }

        _uses.TryGetValue(number, out int uses);
        if (uses > 0 || _uses.Count < MaxNumbers)
            _uses[number] = ++uses;
        var channel = new SshTranscriptChannel { Number = number, Use = Math.Max(uses, 1), Type = type, FromTarget = fromTarget, OpenedAt = time, Destination = destination };
        _channels[number] = channel;
        Add(new SshChannelEntry(time, channel, SshChannelStep.Asked));
    }

    private void Opened(ref SshTranscriptFields fields, DateTimeOffset time)
    {
        if (!_channels.TryGetValue(fields.UInt32(), out SshTranscriptChannel? channel) || !fields.Ok || channel.Opened == SshOutcome.Accepted)
            return;
        channel.Opened = SshOutcome.Accepted;
        Add(new SshChannelEntry(time, channel, SshChannelStep.Opened));
    }

    private void NotOpened(ref SshTranscriptFields fields, DateTimeOffset time)
    {
        uint number = fields.UInt32();
        fields.UInt32();
        string why = fields.Text(limits.TextChars);
        if (!fields.Ok || !_channels.Remove(number, out SshTranscriptChannel? channel))
            return;
        channel.Opened = SshOutcome.Refused;

        // It never was: the next one with this number is not its second use.
        if (_uses.TryGetValue(number, out int uses))
            _uses[number] = uses - 1;
        channel.Refusal = why;
        channel.ClosedAt = time;
        Add(new SshChannelEntry(time, channel, SshChannelStep.Refused));
    }

    private void Request(ref SshTranscriptFields fields, bool fromTarget, DateTimeOffset time)
    {
        uint number = fields.UInt32();
        string name = fields.Text(limits.TextChars);
        bool wantsReply = fields.Bool();
        if (!fields.Ok || Find(number, time) is not { } channel)
            return;
        (int Columns, int Rows)? size = null;
        string text = name switch
        {
            "pty-req" => fields.Text(limits.TextChars),
            "exec" or "subsystem" or "signal" => fields.Text(limits.TextChars),
            "env" => fields.Text(limits.TextChars),
            "exit-status" => fields.UInt32().ToString(CultureInfo.InvariantCulture),
            "exit-signal" => fields.Text(limits.TextChars),
            _ => "",
        };
        string value = name == "env" ? fields.Text(limits.TextChars) : "";
        if (name is "pty-req" or "window-change")
            size = (Usual(fields.Size(), 80), Usual(fields.Size(), 24));
        if (!fields.Ok)
            return;
        if (!fromTarget && wantsReply && channel.Unanswered.Count < MaxUnanswered)
            channel.Unanswered.Enqueue(name is "shell" or "exec" or "subsystem");
        Note(channel, name, text, value, size, fromTarget);
        Add(new SshRequestEntry(time, channel, name, name == "env" ? $"{text}={value}" : text, fromTarget) { Size = size });
    }

    /// <summary>A size of zero says nothing (RFC 4254 6.2): programs take the usual one then.</summary>
    private static int Usual(int size, int usual) => size == 0 ? usual : size;

    private static void Note(SshTranscriptChannel channel, string name, string text, string value, (int Columns, int Rows)? size, bool fromTarget)
    {
        if (size is var (columns, rows))
            (channel.Columns, channel.Rows) = (columns, rows);
        switch (name)
        {
            case "pty-req" when !fromTarget: (channel.HasTerminal, channel.Term) = (true, text); break;
            case "env" when !fromTarget: channel.AddEnvironment(text, value); break;
            case "shell" or "exec" or "subsystem" when !fromTarget && channel.Started != SshOutcome.Accepted:
                (channel.Runs, channel.Command, channel.Started) = (name, text, SshOutcome.NoReply);
                break;
            case "exit-status" when fromTarget: channel.ExitStatus = uint.Parse(text, CultureInfo.InvariantCulture); break;
            case "exit-signal" when fromTarget: channel.ExitSignal = text; break;
        }
    }

    private void Answer(ref SshTranscriptFields fields, bool fromTarget, bool good)
    {
        if (!_channels.TryGetValue(fields.UInt32(), out SshTranscriptChannel? channel) || !fromTarget)
            return;
        if (channel.Unanswered.TryDequeue(out bool runs) && runs)
            channel.Started = good ? SshOutcome.Accepted : SshOutcome.Refused;
    }

    private void Close(ref SshTranscriptFields fields, bool fromTarget, DateTimeOffset time)
    {
        uint number = fields.UInt32();
        if (!_channels.TryGetValue(number, out SshTranscriptChannel? channel))
            return;
        if (fromTarget)
            channel.ClosedByTarget = true;
        else
            channel.ClosedByClient = true;
        if (!channel.ClosedByClient || !channel.ClosedByTarget)
            return;
        channel.ClosedAt = time;
        _channels.Remove(number);
        Add(new SshChannelEntry(time, channel, SshChannelStep.Closed));
    }
}
