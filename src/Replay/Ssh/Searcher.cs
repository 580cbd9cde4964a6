using Sallyport.Protocols.Http2.Transcript;
using Sallyport.Protocols.Postgres.Transcript;
using Sallyport.Protocols.Ssh.Transcript;
using Sallyport.Recording;
using Sallyport.Replay.Http;
using Sallyport.Replay.Json;

namespace Sallyport.Replay.Ssh;

/// <summary>Looks for a text in one recording.</summary>
internal sealed class Searcher
{
    // Screens are large; a session with more open terminals than this is not a person's.
    private const int MaxScreens = 64;

    private readonly Dictionary<string, SearchedScreen> _screens = [];
    private readonly Playback _playback;
    private readonly string _file;
    private readonly string _text;
    private readonly Action<MatchJson> _found;
    private readonly HttpSearcher _http;

    private Searcher(Playback playback, string file, string text, Action<MatchJson> found)
    {
        (_playback, _file, _text, _found) = (playback, file, text, found);
        _http = new HttpSearcher(text, Try);
    }

    /// <summary>Tells each place as it is found.</summary>
    public static VerifyReport Search(string file, string text, Action<MatchJson> found)
    {
        using Playback playback = Playback.Open(file, new PgTranscriptLimits(), new SshTranscriptLimits(), new HttpTranscriptLimits());
        var searcher = new Searcher(playback, file, text, found);
        while (playback.Next() is { } item)
            searcher.Take(item);
        return playback.Report();
    }

    private void Take(PlayedItem item)
    {
        if (item.Entry is PgStatementEntry { Step: PgStep.Query or PgStep.Execute } statement)
            Try(item.At, null, "statement", statement.Text);
        else if (item.Event is { Name: SshCommandEvent.Name } command && SshCommandEvent.Read(command.Detail) is { } detected)
            Try(item.At, $"{detected.Channel}", "command", detected.Text);
        else if (item.Event is { Name: SshFileEvent.Name } moved && SshFileEvent.Read(moved.Detail) is { } file)
            Try(item.At, $"{file.Channel}", file.Direction, file.Path);
        else if (item.Event is { Name: SshGitPushEvent.Name } pushed && SshGitPushEvent.Read(pushed.Detail) is { } push)
            Try(item.At, $"{push.Channel}", "git-push", $"{push.Ref} {push.Old} {push.New} {push.Path}");
        else if (item.Event is { Name: SshForwardEvent.Name } forwarded && SshForwardEvent.Read(forwarded.Detail) is { } forward)
            Try(item.At, $"{forward.Channel}", "forward", forward.Destination);
        else if (item.Decision is { } decision && decision.Verdict != Contract.VerdictKind.Allow)
            Try(item.At, null, Words.Verdict(decision.Verdict), decision.Text);
        else if (item.Ssh is { } ssh)
            Ssh(ssh);
        else if (item.Http is { } http)
            _http.Take(http);
    }

    private void Ssh(SshTranscriptEntry entry)
    {
        switch (entry)
        {
            case SshRequestEntry { Name: "exec" or "subsystem", FromTarget: false } request:
                Try(request.At, request.Channel.Label, request.Name, request.Text);
                break;
            case SshRequestEntry { Name: "window-change", Size: var (columns, rows) } request when _screens.TryGetValue(request.Channel.Label, out SearchedScreen? resized):
                resized.Resize(columns, rows);
                break;
            case SshDataEntry { Stream: not SshStream.Input, Channel.Type: "session" } data when TryScreen(data.Channel, out SearchedScreen? screen):
                screen!.Feed(data.Bytes.Span, data.At);
                break;
            case SshDataEntry { Stream: SshStream.Input } data when _screens.TryGetValue(data.Channel.Label, out SearchedScreen? typed):
                typed.Look(data.At);
                break;
            case SshChannelEntry { Step: SshChannelStep.Closed } closed when _screens.Remove(closed.Channel.Label, out SearchedScreen? left):
                left.End(closed.At);
                break;
        }
    }

    private bool TryScreen(SshTranscriptChannel channel, out SearchedScreen? screen)
    {
        if (_screens.TryGetValue(channel.Label, out screen))
            return true;
        if (_screens.Count >= MaxScreens)
            return false;
        _screens[channel.Label] = screen = new SearchedScreen(channel.HasTerminal ? (channel.Columns, channel.Rows) : null, (at, line) => Try(at, channel.Label, "output", line));
        return true;
    }

    private void Try(DateTimeOffset at, string? channel, string where, string text)
    {
        if (!text.Contains(_text, StringComparison.OrdinalIgnoreCase))
            return;
        double offset = _playback.Facts is { } facts ? TrackInfo.Offset(facts, at).TotalSeconds : 0;
        _found(new MatchJson(_file, _playback.Facts?.SessionId, _playback.Facts?.Identity.Subject, at, offset, channel, where, text));
    }
}
