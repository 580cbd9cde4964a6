using Sallyport.Contract;
using Sallyport.Protocols.Http2.Transcript;
using Sallyport.Protocols.Postgres.Transcript;
using Sallyport.Protocols.Ssh.Transcript;
using Sallyport.Recording;

namespace Sallyport.Replay.Ssh;

/// <summary>What a channel's terminal got.</summary>
internal enum TrackKind : byte
{
    Output,
    Input,
    Resize,
}

/// <summary>One moment of a channel. <paramref name="At"/> counts from the session's start.</summary>
internal readonly record struct TrackEvent(TimeSpan At, TrackKind Kind, ReadOnlyMemory<byte> Bytes, int Columns, int Rows);

/// <summary>What ran in a terminal, or without one: a channel of SSH, or a request of HTTP that runs a command.</summary>
/// <param name="Label">As show names it.</param>
/// <param name="Term">The terminal's type; empty: none, or it is not known.</param>
/// <param name="Command">Empty: a shell, or what was attached to.</param>
internal sealed record TrackChannel(string Label, bool HasTerminal, string Term, string Command, DateTimeOffset OpenedAt, DateTimeOffset? ClosedAt);

/// <summary>What can be played of a recording, found by reading it once.</summary>
/// <param name="Channel">As it was at its end.</param>
/// <param name="Size">The terminal's size when it began.</param>
internal sealed record TrackInfo(string File, SessionFacts Facts, TrackChannel Channel, (int Columns, int Rows) Size, VerifyReport Report, TimeSpan Until)
{
    /// <summary>Reads the whole recording, which verifies it.</summary>
    /// <param name="label">The channel, or the request; null: the first with a terminal, else the first that ran something.</param>
    /// <returns>Null and why, when there is no such channel.</returns>
    public static TrackInfo? Find(string file, string? label, out string problem)
    {
        using Playback playback = Playback.Open(file, new PgTranscriptLimits { TextBytes = 0 });
        bool isHttp = playback.Facts?.Protocol == "http2";
        problem = isHttp || playback.Facts?.Protocol == "ssh" ? "No channel has anything to play." : "This is no recording of an SSH or HTTP session.";
        TrackChannel? found = null;
        (int Columns, int Rows)? size = null;
        if (isHttp)
            (found, size) = FindRequest(playback, label);
        else
            (found, size) = FindChannel(playback, label);
        if (found is null && label is not null && playback.Facts?.Protocol is "ssh" or "http2")
            problem = $"Nothing ran in a {(isHttp ? "request" : "channel")} {label}.";
        return found is null || playback.Facts is null
            ? null
            : new TrackInfo(file, playback.Facts, found, size ?? (80, 24), playback.Report(), Offset(playback.Facts, found.ClosedAt ?? playback.Last));
    }

    private static (TrackChannel? Found, (int Columns, int Rows)? Size) FindChannel(Playback playback, string? label)
    {
        SshTranscriptChannel? found = null;
        (int Columns, int Rows)? size = null;
        while (playback.Next() is { } item)
        {
            if (item.Ssh is not SshRequestEntry { Channel: var channel, FromTarget: false } request || !Wanted(request, label))
                continue;
            bool better = found is null || (label is null && !found.HasTerminal && channel.HasTerminal);
            if (better && !ReferenceEquals(found, channel))
                (found, size) = (channel, null);
            if (ReferenceEquals(found, channel))
                size ??= request.Name == "pty-req" ? request.Size : null;
        }

        return (found is null ? null : new TrackChannel(found.Label, found.HasTerminal, found.Term, found.Command, found.OpenedAt, found.ClosedAt), size);
    }

    private static (TrackChannel? Found, (int Columns, int Rows)? Size) FindRequest(Playback playback, string? label)
    {
        HttpTranscriptExchange? found = null;
        (int Columns, int Rows)? size = null;
        while (playback.Next() is { } item)
        {
            // What was not answered as asked never ran.
            if (item.Http is HttpExchangeEntry { Step: HttpExchangeStep.Answered, Exchange: { Status: 101 or 200, Kube.Subresource: "exec" or "attach", Tunnel: { } tunnel } exchange }
                && (label is null || label == Label(exchange)) && (found is null || (label is null && !found.Tunnel!.HasTerminal && tunnel.HasTerminal)))
                (found, size) = (exchange, tunnel.Columns > 0 ? (tunnel.Columns, tunnel.Rows) : null);
            else if (item.Http is HttpResizeEntry resized && ReferenceEquals(resized.Exchange, found))
                size ??= (resized.Columns, resized.Rows);
        }

        return (found is null ? null : new TrackChannel(Label(found), found.Tunnel!.HasTerminal, "", found.Tunnel.Command, found.At, found.EndedAt), size);
    }

    /// <summary>What a request is named by.</summary>
    public static string Label(HttpTranscriptExchange exchange) => exchange.Number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static TimeSpan Offset(SessionFacts facts, DateTimeOffset at) => at > facts.StartedAt ? at - facts.StartedAt : TimeSpan.Zero;

    private static bool Wanted(SshRequestEntry request, string? label) =>
        request.Channel.Type == "session" && (label is null || request.Channel.Label == label) && request.Name is "pty-req" or "shell" or "exec" or "subsystem";
}

/// <summary>One channel of a recording, from front to back.</summary>
internal sealed class TerminalTrack : IDisposable
{
    private readonly Playback _playback;
    private readonly TrackInfo _info;

    public TerminalTrack(TrackInfo info)
    {
        _info = info;
        _playback = Playback.Open(info.File, new PgTranscriptLimits { TextBytes = 0 }, new SshTranscriptLimits(), new HttpTranscriptLimits());
    }

    /// <summary>The next event; null at the end. Errors are shown as they are on a terminal: between the output.</summary>
    public TrackEvent? Next()
    {
        while (_playback.Next() is { } item)
        {
            TimeSpan at = TrackInfo.Offset(_info.Facts, item.At);
            switch (item.Ssh)
            {
                case SshDataEntry data when data.Channel.Label == _info.Channel.Label:
                    return new TrackEvent(at, data.Stream == SshStream.Input ? TrackKind.Input : TrackKind.Output, data.Bytes, 0, 0);
                case SshRequestEntry { Name: "window-change", FromTarget: false, Size: var (columns, rows) } request when request.Channel.Label == _info.Channel.Label:
                    return new TrackEvent(at, TrackKind.Resize, default, columns, rows);
            }

            switch (item.Http)
            {
                case HttpTunnelEntry { Stream: not HttpTunnelStream.Port } data when TrackInfo.Label(data.Exchange) == _info.Channel.Label:
                    return new TrackEvent(at, data.Stream == HttpTunnelStream.Input ? TrackKind.Input : TrackKind.Output, data.Bytes, 0, 0);
                case HttpResizeEntry resized when TrackInfo.Label(resized.Exchange) == _info.Channel.Label:
                    return new TrackEvent(at, TrackKind.Resize, default, resized.Columns, resized.Rows);
            }
        }

        return null;
    }

    public void Dispose() => _playback.Dispose();
}
