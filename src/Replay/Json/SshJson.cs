using System.Text.Json.Serialization;
using Sallyport.Protocols.Ssh.Transcript;

namespace Sallyport.Replay.Json;

/// <summary>A channel of an SSH session; the one with step <c>closed</c> holds all that is known of it.</summary>
internal sealed record ChannelJson(DateTimeOffset At, string Channel, string Step, string ChannelType)
{
    [JsonPropertyOrder(-1)]
    public string Type => "channel";

    public bool FromTarget { get; init; }

    public string? Destination { get; init; }

    public string? Refusal { get; init; }

    public string? Term { get; init; }

    public int? Columns { get; init; }

    public int? Rows { get; init; }

    public string? Runs { get; init; }

    public string? Command { get; init; }

    public string? Started { get; init; }

    public uint? ExitStatus { get; init; }

    public string? ExitSignal { get; init; }

    public double? DurationMs { get; init; }

    public long? InputBytes { get; init; }

    public long? OutputBytes { get; init; }

    public long? ErrorBytes { get; init; }

    public static ChannelJson Of(SshChannelEntry entry)
    {
        SshTranscriptChannel channel = entry.Channel;
        var json = new ChannelJson(entry.At, channel.Label, Words.Kebab(entry.Step), channel.Type)
        {
            FromTarget = channel.FromTarget,
            Destination = Text(channel.Destination),
            Refusal = Text(channel.Refusal),
        };
        return entry.Step != SshChannelStep.Closed ? json : json with
        {
            Term = channel.HasTerminal ? channel.Term : null,
            Columns = channel.HasTerminal ? channel.Columns : null,
            Rows = channel.HasTerminal ? channel.Rows : null,
            Runs = Text(channel.Runs),
            Command = Text(channel.Command),
            Started = channel.Runs.Length > 0 ? Words.Kebab(channel.Started) : null,
            ExitStatus = channel.ExitStatus,
            ExitSignal = Text(channel.ExitSignal),
            DurationMs = (channel.ClosedAt - channel.OpenedAt)?.TotalMilliseconds,
            InputBytes = channel.InputBytes,
            OutputBytes = channel.OutputBytes,
            ErrorBytes = channel.ErrorBytes,
        };
    }

    private static string? Text(string text) => text.Length > 0 ? text : null;
}

/// <summary>A channel request; <c>window-change</c> and <c>pty-req</c> have a size.</summary>
internal sealed record RequestJson(DateTimeOffset At, string Channel, string Name, string Text, bool FromTarget, int? Columns, int? Rows)
{
    [JsonPropertyOrder(-1)]
    public string Type => "request";

    public static RequestJson Of(SshRequestEntry entry) =>
        new(entry.At, entry.Channel.Label, entry.Name, entry.Text, entry.FromTarget, entry.Size?.Columns, entry.Size?.Rows);
}

internal sealed record GlobalRequestJson(DateTimeOffset At, string Name, string Destination, bool FromTarget)
{
    [JsonPropertyOrder(-1)]
    public string Type => "global-request";
}

/// <summary>One place of <c>search --json</c>. The offset is in seconds from the session's start, as <c>play --from</c> takes it.</summary>
internal sealed record MatchJson(string File, Guid? SessionId, string? Subject, DateTimeOffset At, double Offset, string? Channel, string Where, string Text);
