using System.Buffers;
using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>
/// The scp protocol (scp -t, scp -f): the side that has the files sends a line for each file and directory, and waits for a byte of the other. That
/// byte and the lines are kept in step strictly, since whoever answers decides whether data or another line follows. Every file is judged by its own
/// path: an upload when its line comes, a download when the client says yes to it. What is refused ends the channel: the protocol cannot skip it.
/// </summary>
internal sealed class ScpObserver : ISshStreamFilter
{
    private const int MostDepth = 128;
    private readonly Lock _lock = new();
    private readonly FileManifest _manifest;
    private readonly SftpJudge _judge;
    private readonly SftpPaths _paths = new();
    private readonly bool _uploads;
    private readonly bool _intoDirectory;
    private readonly string _path;
    private readonly bool _pattern;
    private readonly List<string> _below = [];
    private readonly byte[] _line = new byte[ScpLine.Longest];
    private int _have;
    private State _state = State.Start;
    private byte _kind;
    private string _name = "";
    private long _size;
    private long _left;
    private FileProgress? _file;
    private bool _errorLine;
    private bool _mustWait;
    private string? _ended;

    /// <summary>Whose turn it is: the side with the files is the source, the other the sink.</summary>
    private enum State : byte
    {
        /// <summary>The sink says that it is there.</summary>
        Start,

        /// <summary>The source sends a line.</summary>
        Line,

        /// <summary>The sink answers it.</summary>
        LineAnswer,

        /// <summary>The source sends a file's bytes.</summary>
        Data,

        /// <summary>The source says whether it could read them.</summary>
        DataStatus,

        /// <summary>The sink answers the file.</summary>
        DataAnswer,
    }

    /// <param name="path">As the command's one effect has it.</param>
    /// <param name="intoDirectory">scp -d: it must be a directory.</param>
    public ScpObserver(SessionContext context, TimeProvider time, int channel, string path, bool uploads, bool intoDirectory)
    {
        _manifest = new FileManifest(context, time, channel, "scp");
        _judge = new SftpJudge(context);
        _path = path;
        _uploads = uploads;
        _intoDirectory = intoDirectory;
        _pattern = !uploads && path.AsSpan().IndexOfAny("*?[") >= 0;
    }

    public SshPendingAction? Pending => null;

    public SshFilterStep FromClient(ReadOnlySpan<byte> data, IBufferWriter<byte> toTarget, IBufferWriter<byte> toClient, out bool unchanged) =>
        Take(data, source: _uploads, toTarget, toClient, out unchanged);

    public SshFilterStep Resolve(HoldOutcome outcome, IBufferWriter<byte> toTarget, IBufferWriter<byte> toClient) => new(SshFilterOutcome.Done);

    public SshFilterStep FromTarget(ReadOnlySpan<byte> data, IBufferWriter<byte> toClient, out bool unchanged) =>
        Take(data, source: !_uploads, toClient, null, out unchanged);

    public void Finish()
    {
        lock (_lock)
        {
            if (_file is not null)
                _manifest.End(_file, "partial");
            _file = null;
        }
    }

    private SshFilterStep Take(ReadOnlySpan<byte> data, bool source, IBufferWriter<byte> onward, IBufferWriter<byte>? toClient, out bool unchanged)
    {
        lock (_lock)
        {
            _mustWait = false;
            var piece = new SftpPiece(data, onward, changed: false);
            while (_ended is null && !piece.Rest.IsEmpty)
            {
                if (source)
                    Source(ref piece, onward, toClient);
                else
                    Sink(ref piece, toClient);
            }

            if (_ended is not null)
                piece.Change();
            unchanged = !piece.Changed;
            return _ended is null ? new SshFilterStep(SshFilterOutcome.Done, _mustWait) : new SshFilterStep(SshFilterOutcome.End, _mustWait, _ended);
        }
    }

    private void Source(ref SftpPiece piece, IBufferWriter<byte> onward, IBufferWriter<byte>? toClient)
    {
        switch (_state)
        {
            case State.Data:
                int count = (int)Math.Min(piece.Rest.Length, _left);
                _file!.Add(_size - _left, piece.Rest[..count]);
                _left -= count;
                piece.Pass(count);
                if (_left == 0)
                    _state = State.DataStatus;
                break;
            case State.Line:
            case State.DataStatus when piece.Rest[0] != 0 || _have > 0:
                Collect(ref piece, onward, toClient);
                break;
            case State.DataStatus:
                piece.Pass(1);
                _state = State.DataAnswer;
                break;
            default:
                _ended = "an scp peer did not wait for its answer";
                break;
        }
    }

    /// <summary>Lines are kept until they are whole and judged.</summary>
    private void Collect(ref SftpPiece piece, IBufferWriter<byte> onward, IBufferWriter<byte>? toClient)
    {
        int end = piece.Rest.IndexOf((byte)'\n'), count = end < 0 ? piece.Rest.Length : end + 1;
        if (_have + count > _line.Length)
        {
            _ended = "an scp line is too long";
            return;
        }

        piece.Rest[..count].CopyTo(_line.AsSpan(_have));
        _have += count;
        piece.Drop(count);
        if (end < 0)
            return;
        ReadOnlySpan<byte> line = _line.AsSpan(0, _have - 1);
        if (Line(line, toClient))
            onward.Write(_line.AsSpan(0, _have));
        _have = 0;
    }

    private bool Line(ReadOnlySpan<byte> line, IBufferWriter<byte>? toClient)
    {
        // The source's own error: it goes on with the next file.
        if (line.Length > 0 && line[0] is 1 or 2)
        {
            if (_state == State.DataStatus && _file is not null)
                _file.Failed = true;
            _state = _state == State.DataStatus ? State.DataAnswer : State.Line;
            return true;
        }

        if (_state == State.DataStatus || !ScpLine.TryRead(line, out ScpLine read) || (read.Kind == 'E' && _below.Count == 0) || _below.Count >= MostDepth)
        {
            _ended = "an scp line is malformed";
            return false;
        }

        (_kind, _size, _name) = (read.Kind, read.Size, Encoding.UTF8.GetString(read.Name));
        _state = State.LineAnswer;
        return !_uploads || Judge(toClient);
    }

    private void Sink(ref SftpPiece piece, IBufferWriter<byte>? toClient)
    {
        byte answer = piece.Rest[0];
        if (_errorLine)
        {
            int end = piece.Rest.IndexOf((byte)'\n');
            piece.Pass(end < 0 ? piece.Rest.Length : end + 1);
            if (end >= 0)
            {
                _errorLine = false;
                Answered(yes: false);
            }

            return;
        }

        bool awaited = _state is State.Start or State.LineAnswer or State.DataAnswer;
        if (answer is 1 or 2)
        {
            _errorLine = true;
            piece.Pass(1);
            return;
        }

        if (answer != 0 || !awaited)
        {
            _ended = "an scp peer answered what it was not asked";
            return;
        }

        if (!_uploads && _state == State.LineAnswer && !Judge(toClient))
            return;
        piece.Pass(1);
        Answered(yes: true);
    }

    private void Answered(bool yes)
    {
        switch (_state)
        {
            case State.DataAnswer:
                _file!.Failed |= !yes;
                _mustWait |= !_manifest.End(_file, _file.Failed ? "failed" : "complete");
                _file = null;
                _state = State.Line;
                break;
            case State.LineAnswer when yes && _kind == 'C':
                _file = _manifest.Begin(Paths()[0], _uploads);
                _left = _size;
                _state = _size == 0 ? State.DataStatus : State.Data;
                break;
            case State.LineAnswer:
                if (yes && _kind == 'D')
                    _below.Add(_name);
                else if (yes && _kind == 'E')
                    _below.RemoveAt(_below.Count - 1);
                _state = State.Line;
                break;
            case State.Start:
                _state = State.Line;
                break;
        }
    }

    /// <summary>Whether the file or directory of the line may be moved.</summary>
    private bool Judge(IBufferWriter<byte>? toClient)
    {
        if (_kind is (byte)'E' or (byte)'T')
            return true;
        Verb verb = _kind == 'D' ? _uploads ? Verb.DirectoryMake : Verb.FileList : _uploads ? Verb.FileWrite : Verb.FileRead;
        _paths.Clear();
        foreach (string path in Paths())
            _paths.Add(verb, Encoding.UTF8.GetBytes(path), default(ReadOnlySpan<byte>));
        Verdict verdict = _judge.Judge(verb, _uploads ? "scp upload" : "scp download", _paths, unclear: false, out bool wait);
        _mustWait |= wait;
        bool tooLong = verdict.MaxBytes > 0 && _size > verdict.MaxBytes;
        if (verdict.Kind == VerdictKind.Allow && !tooLong)
            return true;
        _mustWait |= !_manifest.Refused(Paths()[0], _uploads);
        _ended = verdict.Kind == VerdictKind.Hold
            ? $"approval needed, rule {verdict.RuleId}: scp cannot wait for it file by file, use sftp"
            : tooLong && verdict.Kind == VerdictKind.Allow ? $"refused by policy: at most {verdict.MaxBytes} bytes of a file are allowed" : SftpJudge.Message(verdict);
        if (_uploads && toClient is not null)
            Encoding.UTF8.GetBytes($"\u0002{_ended.ReplaceLineEndings(" ")}\n", toClient);
        return false;
    }

    /// <summary>
    /// Where the file may end up. The path of an upload is the file itself, or a directory that is there already: which of them only the target knows, and both
    /// are judged. Of a download the first name is the path's own, unless that is a pattern.
    /// </summary>
    private string[] Paths()
    {
        string below = string.Join('/', _below.Skip(1)), own = _below.Count == 0 ? "" : below.Length == 0 ? _name : below + "/" + _name;
        string first = _below.Count == 0 ? _name : _below[0];
        if (!_uploads)
            return [Join(_pattern ? Join(_path[..Math.Max(0, _path.LastIndexOf('/'))], first) : _path, own)];
        string into = Join(Join(_path, first), own);
        return _intoDirectory ? [into] : [Join(_path, own), into];
    }

    private static string Join(string folder, string name) => name.Length == 0 || name == "." ? folder : folder.EndsWith('/') ? folder + name : folder + "/" + name;
}
