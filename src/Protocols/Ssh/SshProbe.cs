using System.Globalization;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Sftp;
using Sallyport.Protocols.Ssh.Shell;

namespace Sallyport.Protocols.Ssh;

/// <summary>
/// What a client could ask for, as the actions that a session would have judged: for explanations, nothing is connected to. One action at a time, whose
/// spans are valid until the next. Not thread-safe.
/// </summary>
public sealed class SshProbe
{
    private readonly SshActions _actions = new();
    private readonly ShellScanner _scanner = new();
    private readonly SftpPaths _paths = new();

    /// <summary>A command (RFC 4254 6.5), as the scanner of commands understands it.</summary>
    public ActionView Exec(string command)
    {
        byte[] text = Encoding.UTF8.GetBytes(command);
        _scanner.Scan(text);
        return _scanner.View(text);
    }

    /// <summary>A shell, a terminal, a subsystem, a variable of the environment.</summary>
    /// <param name="name">Of the subsystem or the variable; empty for what has none.</param>
    public ActionView Command(Verb verb, string name = "") => _actions.One(ActionKind.Command, verb, Encoding.UTF8.GetBytes(name));

    /// <summary>An operation of SFTP on one path. A path that is not absolute begins at the home directory, which is <c>~</c> here: the target alone knows it.</summary>
    public ActionView File(Verb verb, string path)
    {
        _paths.Clear();
        _paths.Add(verb, Encoding.UTF8.GetBytes(path));
        return new ActionView { Kind = ActionKind.FileAccess, Verb = verb, Text = _paths[0], Names = _paths.Names, Objects = _paths.Objects };
    }

    /// <summary>A forwarded connection, or where the target is to listen.</summary>
    /// <param name="destination">HOST:PORT, <c>[ADDRESS]:PORT</c>, or the path of a Unix socket.</param>
    /// <exception cref="FormatException">It is none of these: see <see cref="IsDestination"/>.</exception>
    public ActionView Forward(Verb verb, string destination)
    {
        if (destination.StartsWith('/'))
            return _actions.One(ActionKind.PortForward, verb, Encoding.UTF8.GetBytes(destination));
        if (!TryRead(destination, out string host, out ushort port))
            throw new FormatException("This is no destination.");
        return _actions.Destination(verb, Encoding.UTF8.GetBytes(host), port);
    }

    /// <summary>A target may be asked to listen on every address, and on a port of its choice (RFC 4254 7.1); nobody connects to that.</summary>
    public static bool IsDestination(Verb verb, string text) =>
        text.StartsWith('/') || (TryRead(text, out string host, out ushort port) && (verb == Verb.ForwardRemote || (host.Length > 0 && port > 0)));

    private static bool TryRead(string destination, out string host, out ushort port)
    {
        (host, port) = ("", 0);
        int colon = destination.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(destination.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port))
            return false;
        host = destination[..colon];
        if (host is ['[', .. var address, ']'])
            host = address;
        else if (host.Contains(':', StringComparison.Ordinal))
            return false;
        return true;
    }
}
