using Sallyport.Contract;
using Sallyport.Protocols.Http2;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Proxy.Admin.Policies;

/// <summary>What somebody would do on a target, beside logging in; what is null is not asked about.</summary>
internal record Intent
{
    /// <summary>Statements, as a client of PostgreSQL would send them.</summary>
    public string? Sql { get; init; }

    /// <summary>A request, as a client of HTTP would send it: <c>METHOD /PATH?QUERY</c>, without what names the target.</summary>
    public string? Request { get; init; }

    /// <summary>A command, as ssh would send it.</summary>
    public string? Exec { get; init; }

    /// <summary>A shell in a terminal: both are judged.</summary>
    public bool? Shell { get; init; }

    public string? Subsystem { get; init; }

    /// <summary>A variable of the environment, by its name.</summary>
    public string? Env { get; init; }

    /// <summary>The path of a file, as SFTP would open it.</summary>
    public string? FileRead { get; init; }

    /// <inheritdoc cref="FileRead"/>
    public string? FileWrite { get; init; }

    /// <summary>Where a forwarded connection would lead: HOST:PORT, or the path of a Unix socket.</summary>
    public string? Forward { get; init; }

    /// <summary>Where the target would listen for the client.</summary>
    public string? RemoteForward { get; init; }

    /// <summary>True when something of it is an SSH client's.</summary>
    private bool IsSsh => Shell is true || SshTexts.Any(text => text is not null);

    private string?[] SshTexts => [Exec, Subsystem, Env, FileRead, FileWrite, Forward, RemoteForward];

    /// <summary>Why it cannot be judged on a target of this protocol; null: it can.</summary>
    /// <param name="protocol">Of the target.</param>
    /// <param name="isKubernetes">It is an API server.</param>
    public string? Unfit(string protocol, bool isKubernetes) => protocol switch
    {
        "ssh" when Sql is not null => "The target speaks SSH: it takes no SQL.",
        "http2" when Sql is not null || IsSsh => "The target speaks HTTP: it takes requests.",
        not "http2" when Request is not null => "The target does not speak HTTP: it takes no requests.",
        not "ssh" when IsSsh => "The target does not speak SSH: it takes SQL.",
        _ when Request is not null => HttpProbe.Unfit(Request, isKubernetes),
        _ when SshTexts.Contains("") => "An empty text is nothing that could be judged.",
        _ when Forward is { } to && !SshProbe.IsDestination(Verb.ForwardLocal, to) => "A connection leads to HOST:PORT, [ADDRESS]:PORT or the path of a socket.",
        _ when RemoteForward is { } from && !SshProbe.IsDestination(Verb.ForwardRemote, from) => "A target listens on HOST:PORT, [ADDRESS]:PORT or the path of a socket; an empty host is every address.",
        _ => null,
    };

    /// <summary>The longest of its texts, in characters.</summary>
    public int Longest => SshTexts.Append(Sql).Append(Request).Max(text => text?.Length ?? 0);
}
