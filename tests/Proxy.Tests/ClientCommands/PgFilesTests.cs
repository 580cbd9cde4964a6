using Sallyport.Proxy.Cli.Client;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.ClientCommands;

public sealed class PgFilesTests
{
    [Fact]
    public void Colons_and_backslashes_are_escaped() =>
        Assert.Equal("""\:\:1:6432:a\\b:u:p\:q\\""", PgFiles.Line("::1", 6432, "a\\b", "u", "p:q\\"));

    [Theory]
    [InlineData("a\nb")]
    [InlineData("a\rb")]
    [InlineData("a\0b")]
    public void What_would_be_another_line_is_refused(string password) => Assert.Throws<ClientException>(() => PgFiles.Line("h", 1, "*", "u", password));

    [Fact]
    public void Only_the_line_of_the_same_server_and_user_is_replaced()
    {
        const string File = "# mine\nh:1:*:u:old\nh:1:*:u2:other\nh\\:x:1:*:u:odd\n";
        string once = PgFiles.WithLine(File, PgFiles.Line("h", 1, "*", "u", "new"));
        Assert.Equal("# mine\nh:1:*:u:new\nh:1:*:u2:other\nh\\:x:1:*:u:odd\n", once);
        Assert.Equal(once, PgFiles.WithLine(once, PgFiles.Line("h", 1, "*", "u", "new")));
        Assert.Equal("h:1:*:u:p\n", PgFiles.WithLine(null, PgFiles.Line("h", 1, "*", "u", "p")));

        // libpq takes the first line that fits: a new one comes before wildcards of the old.
        Assert.Equal("h:1:*:u:p\n*:*:*:*:z\n", PgFiles.WithLine("*:*:*:*:z", PgFiles.Line("h", 1, "*", "u", "p")));
    }

    [Fact]
    public void Only_the_section_of_that_name_is_replaced()
    {
        const string File = "[a]\nhost=x\n\n[shop]\nhost=old\nport=1\n\n# about b\n[b]\nhost=y\n";
        Dictionary<string, string> settings = new() { ["host"] = "new", ["user"] = "sp-1" };
        string once = PgFiles.WithSection(File, "shop", settings);
        Assert.Equal("[a]\nhost=x\n\n[shop]\nhost=new\nuser=sp-1\n\n# about b\n[b]\nhost=y\n", once);
        Assert.Equal(once, PgFiles.WithSection(once, "shop", settings));
        Assert.Equal("[shop]\nhost=new\nuser=sp-1\n", PgFiles.WithSection(null, "shop", settings));
        Assert.Equal("sp-1", PgFiles.UserOf(once, "shop"));
        Assert.Null(PgFiles.UserOf(once, "a"));
        Assert.Throws<ClientException>(() => PgFiles.WithSection(null, "a]\n[b", settings));
        Assert.Throws<ClientException>(() => PgFiles.WithSection(null, "a", new Dictionary<string, string> { ["host"] = "x\n[b]" }));
    }

    [Fact]
    public void Lines_of_an_earlier_password_go() =>
        Assert.Equal("a:1:*:u:p\n", PgFiles.Without("h:1:*:sp-1:old\na:1:*:u:p\n", "h", 1, "sp-1"));

    [Fact]
    public async Task A_program_gets_the_token_in_a_file_of_its_own_that_goes_with_it()
    {
        var config = new ClientConfig { Host = "::1", Port = 6432, CertificateAuthority = "/ca.pem" };
        string passfile;
        using (var environment = new PgEnvironment(config, "shop/orders", "pat", "tok:en"))
        {
            passfile = environment.Variables["PGPASSFILE"]!;
            Assert.Equal("\\:\\:1:6432:*:*:tok\\:en\n", await File.ReadAllTextAsync(passfile));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(passfile));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(passfile)!));
            Assert.DoesNotContain(environment.Variables.Values, value => value?.Contains("tok", StringComparison.Ordinal) == true);
            Assert.Equal(("verify-full", "/ca.pem", "shop/orders"), (environment.Variables["PGSSLMODE"], environment.Variables["PGSSLROOTCERT"], environment.Variables["PGDATABASE"]));
            Assert.Equal(7, await ChildProcess.RunAsync("sh", ["-c", "test -z \"$PGPASSWORD\" && test \"$PGUSER\" = pat && test -r \"$PGPASSFILE\" && exit 7"], environment.Variables));
        }

        Assert.False(Directory.Exists(Path.GetDirectoryName(passfile)));
        await Assert.ThrowsAsync<ClientException>(() => ChildProcess.RunAsync("no-such-program-here", [], new Dictionary<string, string?>()));
        Assert.Equal(143, await ChildProcess.RunAsync("sh", ["-c", "kill -TERM $$"], new Dictionary<string, string?>()));
    }

    [Fact]
    public void A_file_is_written_whole_and_for_its_owner_through_a_link()
    {
        using var directory = new TemporaryDirectory();
        string real = directory["real"], link = directory["link"];
        File.WriteAllText(real, "old");
        File.CreateSymbolicLink(link, real);
        ClientFiles.Write(link, "new");
        Assert.Equal("new", File.ReadAllText(real));
        Assert.NotNull(File.ResolveLinkTarget(link, false));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(real));
        Assert.Null(ClientFiles.Read(directory["none"]));
    }

    [Fact]
    public void The_clients_configuration_is_read_strictly()
    {
        using var directory = new TemporaryDirectory();
        string file = directory["client.yaml"];
        File.WriteAllText(file, "broker: https://b.example\nadmin: https://a.example\nproxy: { host: gate, port: 5432 }\nca: ca.pem\n");
        ClientConfig config = ClientConfig.Read(new FileInfo(file));
        Assert.Equal(("gate", 5432, directory["ca.pem"]), (config.Host, config.Port, config.CertificateAuthority));
        File.WriteAllText(file, "broker: http://b.example\nbrocker: x\n");
        ClientException wrong = Assert.Throws<ClientException>(() => ClientConfig.Read(new FileInfo(file)));
        Assert.Contains("brocker", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("https", wrong.Message, StringComparison.Ordinal);
        Assert.Throws<ClientException>(() => ClientConfig.Read(new FileInfo(directory["missing"])));
    }
}
