using System.Buffers.Binary;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Ssh.Transcript;

namespace Sallyport.Proxy.Admin.Live;

/// <summary>
/// SSH as it happens: channels, what runs in them, what is typed and shown. A message's length is recorded by itself before the message (docs/recording-format.md), in
/// a piece of four bytes: whoever comes in the middle is shown each direction from the next such piece on. What is taken up at a wrong place makes no sense
/// soon, and is taken up anew.
/// </summary>
internal sealed class ToldSsh : IToldSession
{
    private static readonly SshTranscriptLimits Limits = new() { FromMiddle = true, TextChars = 4096, Channels = 1024 };

    private readonly Dictionary<(string Channel, SshStream Stream), ToldText> _texts = [];
    private readonly bool[] _joined = new bool[2];
    private SshTranscript _transcript = new(Limits);

    public List<TranscriptJson> Take(DateTimeOffset at, Direction direction, ReadOnlySpan<byte> bytes)
    {
        List<TranscriptJson> told = [];
        if (!_joined[(int)direction] && !IsLength(bytes))
            return told;
        _joined[(int)direction] = true;
        _transcript.Feed(direction, bytes, at);
        while (_transcript.TryTake(out SshTranscriptEntry? entry))
        {
            if (entry is SshMalformedEntry { Stopped: true })
            {
                // The other direction stands somewhere in a message too, which a new transcript knows nothing of.
                Array.Clear(_joined);
                _texts.Clear();
                _transcript = new SshTranscript(Limits);
                break;
            }

            if (Of(entry!) is { } json)
                told.Add(json);
        }

        return told;
    }

    private static bool IsLength(ReadOnlySpan<byte> bytes) =>
        bytes.Length == sizeof(uint) && BinaryPrimitives.ReadUInt32BigEndian(bytes) is > 0 and var length && length <= (uint)Limits.MessageBytes;

    private TranscriptJson? Of(SshTranscriptEntry entry)
    {
        switch (entry)
        {
            case SshDataEntry data:
                return Text(data);
            case SshRequestEntry request:
                return new TranscriptJson("request", request.At) { Name = request.Channel.Label, Kind = request.Name, Detail = request.Text.Length > 0 ? request.Text : null };
            case SshGlobalEntry global:
                return new TranscriptJson("global-request", global.At) { Name = global.Name, Detail = global.Destination.Length > 0 ? global.Destination : null };
            case SshChannelEntry { Step: not SshChannelStep.Asked } step:
                if (step.Step == SshChannelStep.Closed)
                    Forget(step.Channel.Label);
                return new TranscriptJson("channel", step.At)
                {
                    Name = step.Channel.Label,
                    Kind = step.Channel.Type,
                    Step = KebabNames.Name(step.Step),
                    Detail = step.Channel.Destination.Length > 0 ? step.Channel.Destination : null,
                    Reason = step.Channel.Refusal.Length > 0 ? step.Channel.Refusal : null,
                };
            default:
                return null;
        }
    }

    private TranscriptJson? Text(SshDataEntry data)
    {
        (string, SshStream) key = (data.Channel.Label, data.Stream);
        if (!_texts.TryGetValue(key, out ToldText? text))
            _texts[key] = text = new ToldText();
        return text.Of(data.Stream == SshStream.Input ? "input" : "output", data.At, data.Bytes.Span) is { } told
            ? told with { Name = data.Channel.Label, Kind = data.Stream == SshStream.Error ? "stderr" : null }
            : null;
    }

    private void Forget(string channel)
    {
        foreach (SshStream stream in Enum.GetValues<SshStream>())
            _texts.Remove((channel, stream));
    }
}
