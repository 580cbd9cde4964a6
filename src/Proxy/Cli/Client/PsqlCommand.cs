using System.CommandLine;

namespace Sallyport.Proxy.Cli.Client;

/// <summary><c>sallyport psql TARGET</c>: psql, logged in.</summary>
internal static class PsqlCommand
{
    public static Command Create()
    {
        Argument<string> target = new("TARGET") { Description = "The target, or target/database" };
        Argument<string[]> arguments = new("ARGS") { Description = "For psql itself, after --", Arity = ArgumentArity.ZeroOrMore };
        Option<string?> host = new("--host") { Description = "The proxy; \"proxy\" of client.yaml by default", HelpName = "HOST" };
        Option<int?> port = new("--port") { Description = "Its port; 6432 by default", HelpName = "PORT" };
        Option<FileInfo?> ca = new("--ca") { Description = "Certificate authorities to trust (PEM) instead of the system's", HelpName = "FILE" };
        Option<Uri?> broker = UrlOption.Create("Where you are logged in; needed when you are at several", "--broker");
        Option<string> program = new("--program") { Description = "Another client of libpq, such as pg_dump", HelpName = "NAME", DefaultValueFactory = _ => "psql" };
        Option<FileInfo?> file = ClientConfig.FileOption();
        var command = new Command("psql", "Run psql on a target with your login. The token shows in no list of processes") { target, arguments, host, port, ca, broker, program, file };
        command.SetAction((parsed, cancel) => ClientRun.GuardAsync(parsed, async () =>
        {
            ClientConfig config = ClientConfig.Read(parsed.GetValue(file));
            config = config with
            {
                Host = parsed.GetValue(host) ?? config.Host,
                Port = parsed.GetValue(port) ?? config.Port,
                CertificateAuthority = parsed.GetValue(ca)?.FullName ?? config.CertificateAuthority,
            };
            var session = new ClientSession(config, SavedLogins.Default, TimeProvider.System);
            (SavedLogin login, SavedToken token) = await session.TokenAsync(parsed.GetValue(broker), ClientSession.DataScope, cancel).ConfigureAwait(false);
            using var environment = new PgEnvironment(config, parsed.GetRequiredValue(target), login.Subject ?? "sallyport", token.Token);
            return await ChildProcess.RunAsync(parsed.GetRequiredValue(program), parsed.GetValue(arguments) ?? [], environment.Variables).ConfigureAwait(false);
        }));
        return command;
    }
}
