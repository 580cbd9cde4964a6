using System.Globalization;
using System.Text;
using Sallyport.Protocols.Ssh.Terminal;
using Sallyport.Replay.Commands;
using Sallyport.Replay.Terminal;

namespace Sallyport.Replay.Ssh;

/// <summary>How to play.</summary>
/// <param name="Speed">Times as fast as it happened.</param>
/// <param name="MaxIdle">A pause is no longer than this; null: as long as it was.</param>
/// <param name="From">Where to begin, from the session's start; null: where the channel does.</param>
/// <param name="ShowInput">Shows the last keys beside the time.</param>
internal sealed record PlayOptions(double Speed, TimeSpan? MaxIdle, TimeSpan? From, bool ShowInput);

/// <summary>Plays a channel on a terminal. Going back means reading anew from the start: memory stays that of one screen.</summary>
internal sealed class Player : IDisposable
{
    public const double MinSpeed = 0.125;
    public const double MaxSpeed = 64;

    private const string Help = "space pause  ←→ 5 s  ↓↑ 1 min  . next  +- speed  q quit";

    // Often enough for the eye and for the clock beside the time.
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(50);

    private readonly TrackInfo _info;
    private readonly IPlayerConsole _console;
    private readonly TimeProvider _time;
    private readonly PlayOptions _options;
    private readonly Painter _painter;
    private readonly StringBuilder _keys = new();
    private TerminalTrack _track;
    private TerminalScreen _screen;
    private TrackEvent? _next;
    private TimeSpan _position;
    private double _speed;
    private bool _paused;

    public Player(TrackInfo info, IPlayerConsole console, TimeProvider time, PlayOptions options)
    {
        (_info, _console, _time, _options, _speed) = (info, console, time, options, options.Speed);
        _painter = new Painter(console);
        (_track, _screen) = Open();
    }

    /// <summary>Plays until q is pressed, or the end is reached and a key is pressed.</summary>
    public void Run()
    {
        _painter.Begin();
        try
        {
            Seek(_options.From ?? TrackInfo.Offset(_info.Facts, _info.Channel.OpenedAt));
            while (Step())
            {
                // Each step waits for the next thing to happen.
            }
        }
        finally
        {
            _painter.End();
        }
    }

    public void Dispose() => _track.Dispose();

    private (TerminalTrack Track, TerminalScreen Screen) Open()
    {
        var track = new TerminalTrack(_info);
        _next = track.Next();
        _keys.Clear();
        return (track, new TerminalScreen(_info.Size.Columns, _info.Size.Rows) { NewLine = !_info.Channel.HasTerminal });
    }

    // False: the watcher has seen enough.
    private bool Step()
    {
        if (!_paused && _next is { } next && _options.MaxIdle is { } idle && next.At - _position > idle)
            _position = next.At - idle;
        _painter.Paint(_screen, Status());
        long before = _time.GetTimestamp();
        if (_console.ReadKey(_paused || _next is null ? Timeout.InfiniteTimeSpan : Frame) is { } key)
            return Press(key);
        if (!_paused)
            Play(_position + (_time.GetElapsedTime(before) * _speed));
        return true;
    }

    private bool Press(ConsoleKeyInfo key)
    {
        if (key.KeyChar is 'q' or 'Q' || key.Key == ConsoleKey.Escape || key is { Key: ConsoleKey.C, Modifiers: ConsoleModifiers.Control })
            return false;
        switch (key.Key)
        {
            case ConsoleKey.Spacebar: _paused = !_paused; break;
            case ConsoleKey.LeftArrow: Seek(_position - TimeSpan.FromSeconds(5)); break;
            case ConsoleKey.RightArrow: Seek(_position + TimeSpan.FromSeconds(5)); break;
            case ConsoleKey.DownArrow: Seek(_position - TimeSpan.FromMinutes(1)); break;
            case ConsoleKey.UpArrow: Seek(_position + TimeSpan.FromMinutes(1)); break;
            case ConsoleKey.Home: Seek(TimeSpan.Zero); break;
            case ConsoleKey.End: Seek(_info.Until); break;
        }

        switch (key.KeyChar)
        {
            case '+': _speed = Math.Min(_speed * 2, MaxSpeed); break;
            case '-': _speed = Math.Max(_speed / 2, MinSpeed); break;
            case '.' when _next is { } next: Play(next.At); break;
        }

        return true;
    }

    private void Seek(TimeSpan to)
    {
        TimeSpan begin = TrackInfo.Offset(_info.Facts, _info.Channel.OpenedAt);
        to = to < begin ? begin : to > _info.Until ? _info.Until : to;
        if (to < _position)
        {
            _track.Dispose();
            (_track, _screen) = Open();
        }

        Play(to);
    }

    private void Play(TimeSpan to)
    {
        while (_next is { } next && next.At <= to)
        {
            switch (next.Kind)
            {
                case TrackKind.Resize: _screen.Resize(next.Columns, next.Rows); break;
                case TrackKind.Input: Typed(next.Bytes.Span); break;
                default: _screen.Feed(next.Bytes.Span); break;
            }

            _next = _track.Next();
        }

        _position = to < _info.Until ? to : _info.Until;
    }

    private void Typed(ReadOnlySpan<byte> keys)
    {
        const int Kept = 24;
        _keys.Append(SafeText.Line(Encoding.UTF8.GetString(keys[^Math.Min(keys.Length, 4 * Kept)..])));
        if (_keys.Length > Kept)
            _keys.Remove(0, _keys.Length - Kept);
    }

    private string Status()
    {
        TimeSpan begin = TrackInfo.Offset(_info.Facts, _info.Channel.OpenedAt);
        string state = _next is null ? "END" : _paused ? "PAUSED" : string.Create(CultureInfo.InvariantCulture, $"{_speed:0.###}x");
        string keys = _options.ShowInput ? $"  keys {_keys}" : "";
        return $" {Moment.Clock(_position)} / {Moment.Clock(_info.Until)}  {state}  from {Moment.Clock(begin)}  {Help}{keys}";
    }
}
