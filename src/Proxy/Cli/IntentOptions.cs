using System.CommandLine;
using Sallyport.Proxy.Admin.Policies;

namespace Sallyport.Proxy.Cli;

/// <summary>The options that say what somebody would do.</summary>
internal sealed class IntentOptions
{
    private readonly Option<string> _sql = new("--sql") { Description = "Statements that a client of PostgreSQL would send", HelpName = "SQL" };
    private readonly Option<string> _request = new("--request") { Description = "A request that a client of HTTP or Kubernetes would send, such as \"GET /api/v1/namespaces/shop/pods\"", HelpName = "REQUEST" };
    private readonly Option<string> _exec = new("--exec") { Description = "A command that ssh would send", HelpName = "COMMAND" };
    private readonly Option<bool> _shell = new("--shell") { Description = "A shell in a terminal" };
    private readonly Option<string> _subsystem = new("--subsystem") { Description = "A subsystem, such as sftp", HelpName = "NAME" };
    private readonly Option<string> _env = new("--env") { Description = "A variable of the environment", HelpName = "NAME" };
    private readonly Option<string> _fileRead = new("--file-read") { Description = "A file that sftp would fetch", HelpName = "PATH" };
    private readonly Option<string> _fileWrite = new("--file-write") { Description = "A file that sftp would store", HelpName = "PATH" };
    private readonly Option<string> _forward = new("--forward") { Description = "Where ssh -L would lead: HOST:PORT, or the path of a socket", HelpName = "DESTINATION" };
    private readonly Option<string> _remoteForward = new("--remote-forward") { Description = "Where the target would listen for ssh -R", HelpName = "ADDRESS" };

    public IReadOnlyList<Option> All => [_sql, _request, _exec, _shell, _subsystem, _env, _fileRead, _fileWrite, _forward, _remoteForward];

    public Intent Read(ParseResult parsed) => new()
    {
        Sql = parsed.GetValue(_sql),
        Request = parsed.GetValue(_request),
        Exec = parsed.GetValue(_exec),
        Shell = parsed.GetValue(_shell) ? true : null,
        Subsystem = parsed.GetValue(_subsystem),
        Env = parsed.GetValue(_env),
        FileRead = parsed.GetValue(_fileRead),
        FileWrite = parsed.GetValue(_fileWrite),
        Forward = parsed.GetValue(_forward),
        RemoteForward = parsed.GetValue(_remoteForward),
    };
}
