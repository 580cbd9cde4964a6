global using Sallyport.Contract;
global using Sallyport.Protocols.Postgres;
global using Sallyport.Wire.Tests.Peers;
global using Sallyport.Wire.Tests.Rig;
global using Xunit;
global using static Sallyport.Wire.Tests.Peers.Msg;
