using System.CommandLine;
using Sallyport.Proxy.Cli.Admin;
using Sallyport.Proxy.Identity.Logins;

namespace Sallyport.Proxy.Cli.Client;

/// <summary>
/// <c>sallyport pgpass TARGET</c>: an issued password for programs that are not started by this command, in libpq's own files: <c>~/.pgpass</c> and a
/// section of <c>~/.pg_service.conf</c>.
/// </summary>
internal static class PgPassCommand
{
    public static Command Create()
    {
        Argument<string> target = new("TARGET") { Description = "The target, or target/database" };
        Option<string?> service = new("--service") { Description = "The service's name; sallyport-TARGET by default", HelpName = "NAME" };
        Option<string> ttl = new("--ttl") { Description = "How long the password is good for, no longer than your login", HelpName = "TIME", DefaultValueFactory = _ => "8h" };
        Option<FileInfo?> passfile = new("--passfile") { Description = "The password file; $PGPASSFILE or ~/.pgpass by default", HelpName = "FILE" };
        Option<FileInfo?> servicefile = new("--servicefile") { Description = "The service file; $PGSERVICEFILE or ~/.pg_service.conf by default", HelpName = "FILE" };
        Option<FileInfo?> file = ClientConfig.FileOption();
        Command command = AdminVerb.Create("pgpass", "Write a short-lived password for a target into ~/.pgpass, and a service into ~/.pg_service.conf", [target, service, ttl, passfile, servicefile, file], async context =>
        {
            try
            {
                ClientConfig config = ClientConfig.Read(context.Value(file));
                string host = config.Host ?? throw new ClientException("Where is the proxy? Say \"proxy\" in " + ClientConfig.DefaultPath + ".");
                string database = context.Value(target);
                string name = context.Value(service) ?? "sallyport-" + database.Replace('/', '-');
                NewPasswordJson issued = await context.Client.SendAsync<NewPasswordJson>(
                    HttpMethod.Post, "/v1/passwords", new NewPasswordRequest(context.Value(ttl), database.Split('/')[0]), context.Cancel).ConfigureAwait(false);
                string passwords = context.Value(passfile)?.FullName ?? Default("PGPASSFILE", ".pgpass");
                string services = context.Value(servicefile)?.FullName ?? Default("PGSERVICEFILE", ".pg_service.conf");

                // What an earlier run left for this service goes: its user name was another.
                string? old = PgFiles.UserOf(ClientFiles.Read(services), name);
                ClientFiles.Write(passwords, PgFiles.WithLine(
                    PgFiles.Without(ClientFiles.Read(passwords), host, config.Port, old), PgFiles.Line(host, config.Port, "*", issued.User, issued.Password)));
                ClientFiles.Write(services, PgFiles.WithSection(ClientFiles.Read(services), name, new Dictionary<string, string>
                {
                    ["host"] = host,
                    ["port"] = config.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    ["dbname"] = database,
                    ["user"] = issued.User,
                    ["sslmode"] = "verify-full",
                    ["sslrootcert"] = config.CertificateAuthority ?? "system",
                }));
                context.Output.Done(new { service = name, issued.User, issued.ExpiresAt }, $"psql service={name} works until {AdminOutput.Time(issued.ExpiresAt)}");
                return ExitCode.Done;
            }
            catch (ClientException wrong)
            {
                context.Output.Error.WriteLine($"sallyport: {wrong.Message}");
                return ExitCode.Failed;
            }
        }, config: file);
        return command;
    }

    private static string Default(string variable, string file) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named ? named : Path.Combine(ClientFiles.Home, file);
}
